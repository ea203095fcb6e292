package worker

import (
	"context"
	"sync"

	"github.com/synchook/synchook/internal/synchook"
)

// maxScripts is how many scripts are kept in the process.
const maxScripts = 200

// scripts keeps scripts in the process. An ID names a content, so what is kept never grows old; the
// project is part of the key, so that one project's ID says nothing about another's.
type scripts struct {
	store interface {
		Script(context.Context, synchook.ProjectID, synchook.ScriptID) (synchook.Script, error)
	}
	mu   sync.Mutex
	kept map[string]synchook.Script
}

func (s *scripts) get(ctx context.Context, p synchook.ProjectID, id synchook.ScriptID) (synchook.Script, error) {
	key := string(p) + "/" + string(id)
	s.mu.Lock()
	code, ok := s.kept[key]
	s.mu.Unlock()
	if ok {
		return code, nil
	}
	code, err := s.store.Script(ctx, p, id)
	if err != nil {
		return code, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil || len(s.kept) >= maxScripts {
		s.kept = map[string]synchook.Script{}
	}
	s.kept[key] = code
	return code, nil
}
