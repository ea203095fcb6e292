package script

import (
	"embed"
	"errors"
	"fmt"
	"path"

	"github.com/evanw/esbuild/pkg/api"
)

// runtimeFiles are the nango object and the globals that the engine lacks.
//
//go:embed runtime/*.js
var runtimeFiles embed.FS

// compileRuntime returns the bytecode of the runtime.
func compileRuntime() ([]byte, error) {
	code, err := bundleRuntime()
	if err != nil {
		return nil, err
	}
	return compile(code, Limits{}.withDefaults())
}

// bundleRuntime joins the runtime's files into one line of code. That it is
// one line is what tells its stack frames from those of a script.
func bundleRuntime() (string, error) {
	result := api.Build(api.BuildOptions{
		EntryPoints:      []string{"main.js"},
		Bundle:           true,
		Format:           api.FormatIIFE,
		Target:           api.ES2023,
		MinifyWhitespace: true,
		LogLevel:         api.LogLevelSilent,
		Plugins:          []api.Plugin{embeddedPlugin()},
	})
	if len(result.Errors) > 0 {
		return "", errors.New(faults("runtime", "main.js", result.Errors)[0].String())
	}
	return string(result.OutputFiles[0].Contents), nil
}

// embeddedPlugin reads the runtime's files from the binary.
func embeddedPlugin() api.Plugin {
	return api.Plugin{Name: "embedded", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: `.*`}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			return api.OnResolveResult{Path: path.Base(a.Path), Namespace: "runtime"}, nil
		})
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: "runtime"}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			text, err := runtimeFiles.ReadFile("runtime/" + a.Path)
			if err != nil {
				return api.OnLoadResult{}, fmt.Errorf("reading the embedded runtime: %w", err)
			}
			contents := string(text)
			return api.OnLoadResult{Contents: &contents, Loader: api.LoaderJS}, nil
		})
	}}
}
