package embedredis

import "testing"

func TestADiskThatIsFullIsReadFromLastWords(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]bool{
		"Short write while writing to the AOF file: (nwritten=377, expected=891) | Can't recover from AOF write error": true,
		"Error writing to the AOF file: No space left on device | Can't recover from AOF write error":                  true,
		"Error writing to the AOF file: Input/output error | Can't recover from AOF write error":                       false,
		"Redis is now ready to exit, bye bye...":                                                                       false,
		"":                                                                                                             false,
	} {
		if got := diskFull(words); got != want {
			t.Errorf("%q: %v", words, got)
		}
	}
}
