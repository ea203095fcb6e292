package server

import (
	"net/http"
	"sync"

	"github.com/hibiken/asynq"
	"github.com/hibiken/asynqmon"
)

// queuesPath is where Asynqmon is mounted.
const queuesPath = "/queues"

// queues shows the workers' queues.
type queues struct {
	http.Handler
	close func() error
}

// newQueues returns the page of the queues on that Redis, or nil when there is none.
func newQueues(redis asynq.RedisConnOpt, writable bool) *queues {
	if redis == nil {
		return nil
	}
	page := asynqmon.New(asynqmon.Options{RootPath: queuesPath, RedisConnOpt: redis, ReadOnly: !writable})
	return &queues{
		// A browser sends the admin key by itself once it knows it: other sites must not use that.
		Handler: http.NewCrossOriginProtection().Handler(page),
		close:   sync.OnceValue(page.Close),
	}
}
