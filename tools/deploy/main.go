// Command deploy reads the Dockerfile and the compose file of a folder as Docker does, and fails when Docker would
// refuse one, or warn of it.
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: deploy FOLDER")
	}
	folder := os.Args[1]
	if err := readDockerfile(filepath.Join(folder, "Dockerfile")); err != nil {
		log.Fatal("Dockerfile: ", err)
	}
	if err := readCompose(filepath.Join(folder, "compose.yaml")); err != nil {
		log.Fatal("compose.yaml: ", err)
	}
}

func readDockerfile(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	file, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return err
	}
	var warned error
	lint := linter.New(&linter.Config{Warn: func(rule, _, _, said string, at []parser.Range) {
		warned = fmt.Errorf("%s: %s (%v)", rule, said, at)
	}})
	if _, _, err := instructions.Parse(file.AST, lint); err != nil {
		return err
	}
	for _, w := range file.Warnings {
		return fmt.Errorf("%s", w.Short)
	}
	return warned
}

// readCompose reads the file with values for what it takes from the environment.
func readCompose(path string) error {
	options, err := cli.NewProjectOptions([]string{path}, cli.WithEnv([]string{"SYNCHOOK_ENCRYPTION_KEY=a", "SYNCHOOK_ADMIN_KEY=b"}))
	if err != nil {
		return err
	}
	_, err = options.LoadProject(context.Background())
	return err
}
