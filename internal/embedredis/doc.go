// Package embedredis runs the Redis that synchook brings up when it was given none: redis-server or
// valkey-server from PATH as a child on a unix socket in the data folder, set up so that what was
// acknowledged is on disk. For development without either there is a server inside the process, whose
// data ends with it.
//
// One process at a time works in a data folder. It holds a lock on a file there, which it shares with
// its child: so the lock is free only when the child has ended as well, even if the process was killed.
package embedredis
