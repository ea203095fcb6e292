package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/synchook/synchook/internal/app"
)

const backupAbout = "Copies the data of the embedded Redis into an empty folder, on which `synchook serve --data` can be started.\n" +
	"It may be run at any time, while synchook works: the copy has all that was acknowledged before it began.\n" +
	"The encryption key is not in it."

// runBackup copies the data of the embedded Redis.
func runBackup(ctx context.Context, args []string, out io.Writer) error {
	var to string
	table := settingsOf("redis-url", "data")
	o, _, err := parseOf(table, "backup", backupAbout, args, out, func(fs *flag.FlagSet) {
		fs.StringVar(&to, "to", "", "the `folder` for the copy; it is made, or is empty")
	})
	if errors.Is(err, errHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	n, err := app.Backup(ctx, o, to)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "copied %.1f MB from %s to %s\nto go on from there: synchook serve --data %s, with the encryption key of today, which is not in the copy\n",
		float64(n)/1e6, o.DataDir, to, to)
	return nil
}
