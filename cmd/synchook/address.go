package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
)

// address is where a running synchook is, and the key that it is asked with.
type address struct{ url, key string }

// flags adds the flags that say it, of a command whose key needs a scope.
func (a *address) flags(fs *flag.FlagSet, env func(string) string, scope string) {
	fs.StringVar(&a.url, "url", cmp.Or(env("SYNCHOOK_URL"), "http://127.0.0.1:8080"), "`URL` of synchook (SYNCHOOK_URL)")
	fs.StringVar(&a.key, "key", "", fmt.Sprintf("API `key` with the scope %q (SYNCHOOK_API_KEY)", scope))
	fs.SetOutput(io.Discard)
}

// parsed takes what parsing the flags came to: it writes the help that was asked for, and says where there is some. The
// key comes from the environment unless a flag says it; as a default, --help would print it.
func (a *address) parsed(fs *flag.FlagSet, err error, usage string, env func(string) string, out io.Writer) error {
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, usage)
		fs.SetOutput(out)
		fs.PrintDefaults()
		return err
	}
	if err != nil {
		return fmt.Errorf("%w; see `synchook %s --help`", err, fs.Name())
	}
	a.key = cmp.Or(a.key, env("SYNCHOOK_API_KEY"))
	return nil
}
