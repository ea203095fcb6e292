// Command protoc-gen-apidoc is the plugin by which `make generate` writes docs/api.md.
package main

import (
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/types/pluginpb"

	"github.com/synchook/synchook/internal/apidoc"
)

func main() {
	protogen.Options{}.Run(func(plugin *protogen.Plugin) error {
		plugin.SupportedFeatures = uint64(pluginpb.CodeGeneratorResponse_FEATURE_PROTO3_OPTIONAL)
		_, err := plugin.NewGeneratedFile("api.md", "").Write([]byte(apidoc.Page(plugin.Files)))
		return err
	})
}
