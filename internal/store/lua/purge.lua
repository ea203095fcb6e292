-- What the steps of a connection's purge in the project's slot share. ARGV: 1 connection, 2 how many rows
-- at most, 3 the next step. Each answers 'more', 'wait' (some are in flight), or 'end'.
local con = ARGV[1]
local purge = P .. ':purge:' .. con

-- counted notes how many things were removed.
local function counted(what, n)
  if n > 0 then
    redis.call('HINCRBY', purge, what, n)
  end
end

-- step_ended has the purge go on with its next step, from that one's beginning.
local function step_ended()
  redis.call('HSET', purge, 'step', ARGV[3])
  redis.call('HDEL', purge, 'score', 'id')
  return 'end'
end

-- leased reports whether somebody works the lane now.
local function leased(lane, t)
  local f = redis.call('HMGET', P .. ':lane:' .. lane, 'tok', 'till')
  return f[1] and f[1] ~= '' and tonumber(f[2]) > t
end
