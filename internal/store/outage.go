package store

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// outage is a way in which Redis cannot do what it is asked for, and which passes without a change of
// ours. The zero value is none.
type outage struct {
	reason  string
	message string
	help    string
}

// fault returns the outage as what a caller is told.
func (o outage) fault(err error) *synchook.Fault {
	return &synchook.Fault{Kind: synchook.KindUnavailable, Reason: o.reason, Message: o.message, Help: o.help, Err: err}
}

// unavailable is the reason of all outages but a full memory, about which a caller can do something.
const unavailable = "store_unavailable"

// full is the reason of a Redis that has no memory for more.
const full = "store_full"

var (
	frozen = outage{unavailable, "Redis does not answer in time",
		"Look whether its process is stopped, swaps, or is busy with a long command; work goes on by itself when it answers."}
	down = outage{unavailable, "Redis is down: nobody listens at its address",
		"Start it, or correct --redis-url; work goes on by itself when it runs."}
	broken = outage{unavailable, "the connection to Redis broke",
		"Try again; if it lasts, look at the log of Redis and at the network between."}
	sentinels = outage{unavailable, "no Sentinel knows where the primary Redis is",
		"Look at the Sentinels' log; work goes on by itself when they agree on a primary."}
	outOfMemory = outage{full, "Redis is out of memory",
		"Raise its maxmemory, or shorten the projects' retention; work goes on by itself when there is memory again."}
)

// answers are the words with which Redis says that it cannot now do what it is asked for.
var answers = []struct {
	word string
	outage
}{
	{"OOM", outOfMemory},
	{"LOADING", outage{unavailable, "Redis is loading its data", "Wait: it takes as long as there is data; work goes on by itself."}},
	{"READONLY", outage{unavailable, "Redis is a read-only replica", "Point --redis-url at the primary, or make this Redis one with REPLICAOF NO ONE."}},
	{"MISCONF", outage{unavailable, "Redis cannot write to its disk", "Make space on its disk, and look at its log; work goes on by itself when it can write."}},
	{"CLUSTERDOWN", outage{unavailable, "the Redis Cluster is down", "Look at CLUSTER INFO: every slot needs a primary that answers."}},
	{"MASTERDOWN", outage{unavailable, "Redis is a replica that has lost its primary", "Look at the primary's log, or promote a replica."}},
	{"NOREPLICAS", outage{unavailable, "Redis has fewer replicas than min-replicas-to-write wants", "Start its replicas, or lower min-replicas-to-write."}},
	{"TRYAGAIN", outage{unavailable, "Redis is moving the data to another node", "Try again in a moment."}},
	{"MOVED", outage{unavailable, "the nodes of Redis do not agree on who has the data", "Try again in a moment; if it lasts, look at CLUSTER NODES."}},
	{"ASK", outage{unavailable, "Redis is moving the data to another node", "Try again in a moment."}},
	{"BUSY", outage{unavailable, "Redis is busy with a script", "Wait; if it lasts, look at its slow log."}},
	{"EXECABORT", outage{unavailable, "Redis refused a transaction", "Try again; if it lasts, look at its memory, its disk and its log."}},
	{"NOAUTH", outage{unavailable, "Redis wants a password", "Put it into --redis-url."}},
	{"WRONGPASS", outage{unavailable, "Redis refuses the user or the password", "Correct them in --redis-url."}},
	{"NOPERM", outage{unavailable, "Redis does not let this user do what is needed", "Give the user of --redis-url all commands, keys and channels."}},
	{"ERR max number of clients", outage{unavailable, "Redis takes no more clients", "Raise its maxclients, or run fewer processes."}},
}

// outageOf judges an error of the Redis client: an outage passes; anything else is a fault of ours, and
// doing the same again does not help.
func outageOf(err error) outage {
	var answer redis.Error
	if errors.As(err, &answer) {
		return answered(answer.Error())
	}
	var network net.Error
	var operation *net.OpError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOENT):
		return down
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.Is(err, redis.ErrPoolTimeout), errors.Is(err, redis.ErrPoolExhausted),
		errors.As(err, &network) && network.Timeout():
		return frozen
	case strings.Contains(err.Error(), "all sentinels specified in configuration are unreachable"):
		return sentinels
	case errors.As(err, &operation), errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, net.ErrClosed), errors.Is(err, redis.ErrClosed), hasPart(err.Error(), brokenTexts):
		return broken
	}
	return outage{}
}

// brokenTexts are parts of what the client says, in errors without a type, of connections and clusters
// that it cannot use.
var brokenTexts = []string{"cluster has no nodes", "connection is not usable", "connection unusable", "failed to dial", "tls: "}

// answered judges what Redis answered. Before version 7 it wraps the word of a command in a script into
// words of its own, with a dash before it.
func answered(text string) outage {
	for _, a := range answers {
		if strings.HasPrefix(text, a.word) || strings.Contains(text, "-"+a.word+" ") {
			return a.outage
		}
	}
	return outage{}
}

func hasPart(text string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
