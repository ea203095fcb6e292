// Command deploy reads the Dockerfile and the compose file of a folder as Docker does.
//
//	deploy lint FOLDER      fails when Docker would refuse one, or warn of it
//	deploy services FOLDER  prints each service's environment and command, a line each, as arguments of env(1)
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

func main() {
	log.SetFlags(0)
	if err := run(os.Args[1:], os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) != 2 {
		return errors.New("usage: deploy lint|services FOLDER")
	}
	image, err := readDockerfile(filepath.Join(args[1], "Dockerfile"))
	if err != nil {
		return fmt.Errorf("Dockerfile: %w", err)
	}
	compose := filepath.Join(args[1], "compose.yaml")
	switch args[0] {
	case "lint":
		_, err = readCompose(compose, cli.WithEnv([]string{"SYNCHOOK_ENCRYPTION_KEY=a", "SYNCHOOK_ADMIN_KEY=b"}))
	case "services":
		var project *types.Project
		if project, err = readCompose(compose, cli.WithEnvFiles(), cli.WithDotEnv); err == nil {
			printServices(out, project, image)
		}
	default:
		err = fmt.Errorf("%s is unknown", args[0])
	}
	if err != nil {
		return fmt.Errorf("compose.yaml: %w", err)
	}
	return nil
}

// image is what a container has of the Dockerfile.
type image struct {
	environment map[string]string
	entrypoint  []string
}

func readDockerfile(path string) (image, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return image{}, err
	}
	file, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return image{}, err
	}
	var warned error
	lint := linter.New(&linter.Config{Warn: func(rule, _, _, said string, at []parser.Range) {
		warned = fmt.Errorf("%s: %s (%v)", rule, said, at)
	}})
	stages, _, err := instructions.Parse(file.AST, lint)
	if err != nil {
		return image{}, err
	}
	for _, w := range file.Warnings {
		return image{}, errors.New(w.Short)
	}
	return imageOf(stages[len(stages)-1]), warned
}

func imageOf(stage instructions.Stage) image {
	i := image{environment: map[string]string{}}
	for _, c := range stage.Commands {
		switch c := c.(type) {
		case *instructions.EnvCommand:
			for _, e := range c.Env {
				i.environment[e.Key] = e.Value
			}
		case *instructions.EntrypointCommand:
			i.entrypoint = c.CmdLine
		}
	}
	return i
}

func readCompose(path string, more ...cli.ProjectOptionsFn) (*types.Project, error) {
	options, err := cli.NewProjectOptions([]string{path}, more...)
	if err != nil {
		return nil, err
	}
	return options.LoadProject(context.Background())
}

// printServices prints what each service starts. Those that are built here have what the Dockerfile says.
func printServices(out io.Writer, project *types.Project, built image) {
	for _, name := range project.ServiceNames() {
		service := project.Services[name]
		environment, command := map[string]string{}, []string(service.Command)
		if service.Build != nil {
			maps.Copy(environment, built.environment)
			command = append(slices.Clone(built.entrypoint), command...)
		}
		for key, value := range service.Environment {
			if value != nil {
				environment[key] = *value
			}
		}
		var words []string
		for _, key := range slices.Sorted(maps.Keys(environment)) {
			words = append(words, quote(key+"="+environment[key]))
		}
		for _, word := range command {
			words = append(words, quote(word))
		}
		fmt.Fprintln(out, strings.Join(words, " "))
	}
}

// quote writes a word so that a shell reads it as it is.
func quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
