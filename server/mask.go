package server

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/synchook/synchook/internal/synchook"
)

// patch changes one field of what is updated.
type patch[T any] func(*T)

// applyMask returns the change that the mask names, of those that are possible.
func applyMask[T any](mask *fieldmaskpb.FieldMask, possible map[string]patch[T]) (func(*T), error) {
	if len(mask.GetPaths()) == 0 {
		return nil, synchook.Invalid("update_mask.paths", "the mask names no field", "Name what to change: "+listed(possible)+".")
	}
	wanted := make([]patch[T], 0, len(mask.GetPaths()))
	for i, path := range mask.GetPaths() {
		p, ok := possible[path]
		if !ok {
			return nil, synchook.Invalid(fmt.Sprintf("update_mask.paths[%d]", i), fmt.Sprintf("%q cannot be changed", path),
				"What can be changed: "+listed(possible)+".")
		}
		wanted = append(wanted, p)
	}
	return func(t *T) {
		for _, p := range wanted {
			p(t)
		}
	}, nil
}

func listed[T any](possible map[string]patch[T]) string {
	paths := make([]string, 0, len(possible))
	for path := range possible {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return strings.Join(paths, ", ")
}
