package storetest

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Node is a redis-server of a test's own, as a process on loopback ports. It ends with the test.
type Node struct {
	Addr string
	Bus  string // the port of its cluster bus

	t    testing.TB
	rdb  *redis.Client
	args []string
	log  string // the file
	cmd  *exec.Cmd
	gone chan struct{}
}

// StartNode starts a redis-server with more arguments, and waits until it answers. What it keeps, it keeps in
// a folder of the test's.
func StartNode(t testing.TB, args ...string) *Node {
	t.Helper()
	return startNode(t, func(port, _ string) []string {
		return append([]string{"--port", port, "--save", "", "--repl-diskless-sync-delay", "0"}, args...)
	})
}

// portTries is how many ports are tried: between our finding a free one and the server's taking it, somebody
// else may.
const portTries = 3

func startNode(t testing.TB, args func(port, bus string) []string) *Node {
	t.Helper()
	n := &Node{t: t}
	t.Cleanup(n.Kill)
	for range portTries {
		ports, err := freePorts(2)
		if err != nil {
			t.Fatal(err)
		}
		port := strconv.Itoa(ports[0])
		n.Addr, n.Bus = net.JoinHostPort("127.0.0.1", port), strconv.Itoa(ports[1])
		dir := t.TempDir()
		n.log = filepath.Join(dir, "redis.log")
		n.args = append(args(port, n.Bus), "--bind", "127.0.0.1", "--dir", dir, "--logfile", n.log)
		if n.start(); n.answers() {
			n.rdb = n.Client()
			return n
		}
		n.Kill()
	}
	t.Fatal("redis-server ended at once, on several ports")
	return nil
}

// StartReplica starts a replica of the node, and waits until it has all that the node has.
func (n *Node) StartReplica(args ...string) *Node {
	n.t.Helper()
	host, port, _ := net.SplitHostPort(n.Addr)
	replica := StartNode(n.t, append([]string{"--replicaof", host + " " + port}, args...)...)
	replica.untilFollowing()
	return replica
}

func (n *Node) untilFollowing() {
	n.t.Helper()
	n.Until("follow its primary", func(ctx context.Context, rdb *redis.Client) bool {
		return rdb.InfoMap(ctx, "replication").Item("Replication", "master_link_status") == "up"
	})
}

// Start starts the server again after it was killed, and waits until it answers.
func (n *Node) Start() {
	n.t.Helper()
	if n.start(); !n.answers() {
		n.t.Fatalf("%s does not start again", n.Addr)
	}
}

func (n *Node) start() {
	n.t.Helper()
	n.cmd, n.gone = exec.Command("redis-server", n.args...), make(chan struct{})
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := launch(n.cmd, n.gone); err != nil {
		n.t.Fatalf("starting redis-server (apt-get install redis-server): %v", err)
	}
}

// answers waits until the server answers, and reports false when it ended instead.
func (n *Node) answers() bool {
	ended := false
	n.Until("answer", func(ctx context.Context, rdb *redis.Client) bool {
		select {
		case <-n.gone:
			ended = true
			return true
		default:
			return rdb.Ping(ctx).Err() == nil
		}
	})
	return !ended
}

// Kill kills the server, as a host that dies would, and waits until it is gone.
func (n *Node) Kill() {
	n.Signal(syscall.SIGKILL)
	<-n.gone
}

// Signal sends the server a signal. One that is gone gets none.
func (n *Node) Signal(s syscall.Signal) {
	_ = n.cmd.Process.Signal(s) // os.ErrProcessDone
}

// Client returns a client of this node alone, which ends with the test.
func (n *Node) Client() *redis.Client {
	rdb := redis.NewClient(&redis.Options{Addr: n.Addr})
	n.t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// Until asks the node again and again, for 20 s at most, whether it does what it should.
func (n *Node) Until(what string, does func(context.Context, *redis.Client) bool) {
	n.t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: n.Addr, MaxRetries: -1})
	defer func() { _ = rdb.Close() }()
	if err := until(what, func(ctx context.Context) bool { return does(ctx, rdb) }); err != nil {
		log, _ := os.ReadFile(n.log) // without it, the error alone must do
		n.t.Fatalf("%s: %v; the end of its log:\n%s", n.Addr, err, log[max(0, len(log)-4000):])
	}
}
