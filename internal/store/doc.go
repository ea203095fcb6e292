// Package store keeps everything, on Redis. It owns what happened and when it is due.
//
// # Keys
//
// Keys carry our own IDs only. There are two hash tags: P is {<project>}, C is {<project>:<connection>}.
//
//	synchook:schema                string  the version of this layout
//	synchook:projects              zset    projects, by when they were made
//	synchook:public                hash    public ID -> project
//	synchook:keys                  hash    hash of an API key -> project, key ID, scopes
//	synchook:lease:<name>          string  who leads: the sweep and the scheduler
//	synchook:purges                zset    <project> and <project>/<con> that are being removed, by when to go on
//
//	P:project                      hash    name, settings, header values and signing secrets (encrypted), endpoint;
//	                                       ever: how often further endpoints changed
//	P:audit                        list    the last 1,000 changes of settings
//	P:keys, P:keys:used            hash    API keys by ID, and when each was last used
//	P:names                        hash    names that people chose -> IDs (i: c: s:)
//	P:integrations                 hash    integrations by ID
//	P:integrations:last            hash    when an event last came from each
//	P:endpoint:<end>               hash    an endpoint, its headers and its secrets (encrypted); a connection's: whose
//	P:endpoints[:con]              zset    further endpoints by ID; those of connections
//	P:con:<con>                    hash    a connection; xv: how often its credentials changed; refused: since when an
//	                                       API has refused them; ev: when an event last made a sync run; lr: the
//	                                       run that ended last, how, and when
//	P:connections[:<int>]          zset    connections, by ID
//	P:match:<int>                  zset    to NUL value NUL connection, in lexical order
//	P:syncs:<int>                  hash    syncs of an integration by ID
//	P:removed:<int>                set     syncs that it had and has no longer
//	P:models:<int>                 hash    names of its models -> IDs; they outlive its syncs
//	P:deployed                     string  how often syncs were deployed
//	P:script:<scr>                 hash    code and source map, compressed; expires when no sync names it
//	P:status:<con>.<syn>           hash    paused, last sync date; failed: since when its runs have failed
//	P:schedules                    zset    <con>.<syn>, by when the next run is due
//	P:seen:<int>:<hash>            string  an external event ID -> event; expires
//	P:event:<evt>                  hash    an event; op: how many of its runs have not ended
//	P:events[:<outcome>]           zset    events by sequence number; all, unmatched, handshake
//	P:rejected:<int>               list    the last 100 refused webhooks
//	P:run:<run>                    hash    a run
//	P:runs[:<state>]               zset    runs by when they were made; all, and of each state but succeeded
//	P:dlv:<dlv>                    hash    a delivery, its body and its attempts (a1, a2, ...); again, base: when it was
//	                                       retried after it had ended, and how many attempts it had then
//	P:deliveries:exhausted:<end>   zset    those of an endpoint that were given up, by when they were made
//	P:deferred:<end>               zset    its pending deliveries that are not due when they were made, by when that was
//	P:co:<end>                     zset    <con>.<syn>.<model> NUL delivery: those of its pending ones that may become one
//	P:sent:<end>                   zset    <con>.<syn>.<model>, by when one of these was sent last; expires
//	P:owed                         zset    lanes of deliveries in which something waits, by since when
//	P:stat:<n>                     hash    <minute>.<what> -> how often that happened to deliveries, in the n-th ten
//	                                       minutes; <n>:<end>: to an endpoint's; expires
//	P:work:<n>                     hash    <minute>.<what> -> how often that happened to events and runs, in the n-th ten
//	                                       minutes; expires
//	P:deliveries[:<state>]         zset    deliveries by when they were made; all, and of each state but delivered
//	P:replays                      zset    <dlv>:<when>, by when a delivery was retried; the last 10,000; expires
//	P:recovery:<rec>               hash    a recovery: its filter, from and to (by when deliveries were made), cs and cm
//	                                       (where it is), pace, found, re (retried), sk (skipped); pruned after it ended
//	P:recoveries                   zset    recoveries by when they were made
//	P:lane:<lane>                  hash    gen, awake, tok, till, fence, nb (not before), last, num, ids; an endpoint's:
//	                                       flow, held (paused, disabled), why, since, anew (it was released), down (until when
//	                                       its trouble lasted that was known last)
//	P:rows:<lane>                  zset    rows by when they are due (runs: by arrival); negative: in flight
//	P:due                          zset    lanes by when somebody must have touched them
//	P:tombs                        zset    <con>.<mod> that have deleted records, by the oldest deletion or before
//	P:purge, P:purge:<con>         hash    the project, a connection, that was deleted: what is left to remove
//	P:clock, P:seq                 string  the monotonic clock; the last event's sequence number
//	P:ahead                        string  by how much the server's clock was set back, until it has caught up
//	P:watch                        channel IDs of deliveries that changed
//	P:watch:recoveries             channel IDs of recoveries that changed
//
//	C:clock, C:runs                string  the monotonic clock; the last run's ordinal
//	C:kept                         zset    runs of which the next two may be there, by until when
//	C:run:<run>                    hash    fence, sealed, start, no, n (writes), acc (how the credentials were taken),
//	                                       and counts a: u: d: by model; expires
//	C:log:<run>                    list    the last 1,000 lines of a run's log; expires
//	C:open                         zset    runs that are open, by their start
//	C:r:<mod>                      hash    records of a model by their ID
//	C:m:<mod>                      zset    their IDs, by last_modified_at
//	C:d:<mod>                      zset    IDs of those that are deleted, by when they were
//	C:pruned                       hash    by model, the last deletion that has been forgotten
//	C:gone                         string  the connection was deleted: no run opens; expires after the purge
//
// # Rules for scripts
//
// A Lua error keeps the writes that came before it. So scripts read and check first, and their writes
// cannot fail. They take batches of at most 500 records and never unpack more than 7,000 values.
// go-redis sends a script again when its reply is lost, so each is idempotent by IDs that its caller
// chose; a turn that is sent again gets the same rows. No script touches two slots, and each declares
// two keys that never exist, so that none runs while a cluster moves its slot (script.go). Fields that Lua
// reads are plain hash fields; the rest is JSON. Large bodies are compressed in Go.
//
// # Deleting
//
// What is deleted disappears by one script; a purge (purge.go) removes the rest in small steps, each of
// which may be taken again. An intent in synchook:purges comes before the deletion, so that a crash at
// any point leaves nothing behind. What is in flight finishes first: its hand-in is refused, or finds
// nothing.
//
// # Lanes
//
// A lane is one sorted set and one small hash. turn (turn.lua) is all that works on it: it takes or
// renews the lane's lease, hands in what is done, takes what is due, and gives the lane back. A lane
// that is awake has a hint on its way or a worker at it; a row put into a sleeping lane raises the
// lane's generation, and the caller is told to send a hint. The sweep (sweep.go) wakes lanes that
// nobody touched in time; what it costs depends on what is overdue, never on what is stored.
//
// The lane of an endpoint keeps the text of its flow (webhook.Flow), which its worker tells with each turn. A
// hold until a time (nb) ends by itself: a hint comes then. One without an end (held) ends when it is
// released (hold.go): until then rows are put into the lane, and nothing is taken or woken.
package store
