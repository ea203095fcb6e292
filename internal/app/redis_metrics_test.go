package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"

	"github.com/redis/go-redis/v9"
)

// answer is an error that Redis answers.
type answer string

// Error implements error.
func (a answer) Error() string { return string(a) }

// RedisError implements redis.Error.
func (answer) RedisError() {}

func TestErrorsOfRedisAreCountedByWhatAnOperatorCanDo(t *testing.T) {
	t.Parallel()
	for want, errs := range map[string][]error{
		"":         {nil, redis.Nil, context.Canceled, fmt.Errorf("x: %w", context.Canceled), answer("NOSCRIPT No matching script")},
		"OOM":      {answer("OOM command not allowed when used memory > 'maxmemory'")},
		"MISCONF":  {answer("MISCONF Errors writing to the AOF file")},
		"READONLY": {answer("READONLY You can't write against a read only replica.")},
		"LOADING":  {answer("LOADING Redis is loading the dataset in memory")},
		"other":    {answer("ERR user_script:1: oh"), answer("SOMETHING new")},
		"timeout":  {context.DeadlineExceeded, os.ErrDeadlineExceeded, &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}},
		"network":  {io.EOF, &net.OpError{Op: "dial", Err: errors.New("connection refused")}},
	} {
		for _, err := range errs {
			if got := redisErrorKind(err); got != want {
				t.Errorf("%v is counted as %q, want %q", err, got, want)
			}
		}
	}
}
