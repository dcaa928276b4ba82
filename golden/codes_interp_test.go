package golden_test

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"path"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// recorder stands for the journal.
const recorder = `record() { printf 'RECORD <%s> <%s> <%s>\n' "$1" "$2" "$3"; }` + "\n"

// TestCodesAreUnderstoodAlike runs the library's stop codes by themselves, under
// bash and under the interpreter of the rehearsal.
func TestCodesAreUnderstoodAlike(t *testing.T) {
	_, b := build(t, operatorsCase)
	var library strings.Builder
	for _, part := range b.Scripts[0].Parts {
		switch part.Template {
		case "node/head.sh.tmpl", "lib/secret.sh", "lib/report.sh", "lib/journal.sh", "lib/run.sh", "lib/text.sh", "lib/codes.sh":
			library.Write(part.Body)
		}
	}
	v1, v2 := stopCode(b.ID, "stop", "vellum-1"), stopCode(b.ID, "stop", "vellum-2")
	for _, lines := range []string{
		recorder + "CODES='" + v2 + "' OVERRIDE='lost; gone' STAGE=config; check_codes",
		"CODES='' OVERRIDE='' STAGE=stop; check_codes; give_code",
		"CODES='' OVERRIDE='' STAGE=config; check_codes",
		"CODES='" + strings.ToUpper(v1) + ",\n" + v2 + ".' OVERRIDE='' STAGE=config; check_codes; give_code",
		"CODES='" + strings.ReplaceAll(v2, "-", "") + " 000-000' OVERRIDE='' STAGE=config; check_codes",
		"CODES='$(exit) * ' OVERRIDE='lost; gone' STAGE=config; check_codes; give_code",
		"CODES='' OVERRIDE='' STAGE=finish; check_codes; give_code",
		"DRY=yes CODES='" + v2 + "' OVERRIDE='' STAGE=config; check_codes",
	} {
		real, realStatus := underBash(t, library.String()+lines+"\n")
		other, otherStatus := underInterpreter(t, library.String()+lines+"\n")
		if real != other || realStatus != otherStatus {
			t.Errorf("%s\nbash, status %d:\n%s\ninterpreter, status %d:\n%s", lines, realStatus, real, otherStatus, other)
		}
		recorded := "RECORD <override: lost; gone> <0> <missing: the stop codes of the stage stop from vellum-1>\n"
		if strings.HasPrefix(lines, recorder) && !strings.Contains(real, recorded) {
			t.Errorf("the override is not recorded:\n%s", real)
		}
		if real == "" && !strings.Contains(lines, "finish") {
			t.Errorf("%s\nsays nothing", lines)
		}
	}
}

func underBash(t *testing.T, script string) (output string, status int) {
	t.Helper()
	cmd := exec.Command("/bin/bash", "-c", script)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func underInterpreter(t *testing.T, script string) (output string, status int) {
	t.Helper()
	f, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(script), path.Base(t.Name()))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	r, err := interp.New(interp.StdIO(nil, &out, &out), interp.Dir(t.TempDir()),
		interp.Env(expand.ListEnviron("PATH=/usr/bin:/bin")))
	if err != nil {
		t.Fatal(err)
	}
	err = r.Run(context.Background(), f)
	if exit, ok := errors.AsType[interp.ExitStatus](err); ok {
		return out.String(), int(exit)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), 0
}
