package inventory

import "strings"

// nearest finds the known word that a misspelt one was probably meant to be.
// Case, - and _ do not count, and a longer word may be further off.
func nearest(word string, known []string) (string, bool) {
	const longest = 64 // nobody misspells a word that long
	if len(word) > longest {
		return "", false
	}
	best, distance := "", longest
	for _, k := range known {
		d := editDistance(folded(word), folded(k))
		if d < distance && d <= 1+len(k)/3 {
			best, distance = k, d
		}
	}
	return best, best != ""
}

func folded(word string) string {
	return strings.ReplaceAll(strings.ToLower(word), "-", "_")
}

// editDistance counts the letters to add, drop or change (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
