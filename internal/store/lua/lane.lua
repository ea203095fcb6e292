-- What every script about lanes shares. KEYS[1] is the project's slot, '{prj_...}'.
local P = KEYS[1]
local WOKEN = 15000 -- how long a hint may be on its way before the sweep asks after it, in ms

-- num writes a number so that nothing of it is lost.
local function num(n)
  return string.format('%.17g', n)
end

-- now is the time for leases and for what is due. When the server's clock was set back it goes on from
-- the latest time known here, which is at most a second old while anything happens, as fast as the clock
-- does, until the clock has come that far by itself: a lease or a row must not wait for as long as the
-- clock went back. A clock that is not there is not made: a late hint of a project that was removed must
-- leave nothing behind.
local function now()
  local time = redis.call('TIME')
  local t = time[1] * 1000 + math.floor(time[2] / 1000)
  local f = redis.call('MGET', P .. ':clock', P .. ':ahead')
  local last, ahead = tonumber(f[1] or '0'), tonumber(f[2] or '0')
  if t >= last then
    if ahead > 0 then
      redis.call('DEL', P .. ':ahead')
    end
    if f[1] and t >= last + 1000 then
      redis.call('SET', P .. ':clock', num(t))
    end
    return t
  end
  if t + ahead < last then
    ahead = last - t
    redis.call('SET', P .. ':ahead', num(ahead))
  end
  return t + ahead
end

-- clock is the project's monotonic clock, for times that end up in data.
local function clock(t)
  local last = tonumber(redis.call('GET', P .. ':clock') or '0')
  if t > last then
    redis.call('SET', P .. ':clock', num(t))
    return t
  end
  return last
end

local hints = {} -- lane, generation, at, delivery that waits until then ('' none); one after the other

-- wake raises a lane's generation and asks the caller to send a hint for it, at once or at a time.
local function wake(lane, t, at)
  local key = P .. ':lane:' .. lane
  local generation = redis.call('HINCRBY', key, 'gen', 1)
  redis.call('HSET', key, 'awake', '1')
  redis.call('ZADD', P .. ':due', num(math.max(t, at or 0) + WOKEN), lane)
  hints[#hints + 1] = lane
  hints[#hints + 1] = tostring(generation)
  hints[#hints + 1] = num(at or 0)
  hints[#hints + 1] = ''
end

-- owes notes since when something waits in a lane of deliveries, unless that is noted.
local function owes(lane, t)
  redis.call('ZADD', P .. ':owed', 'NX', num(t), lane)
end

-- owes_nothing notes that a lane is empty, if it is.
local function owes_nothing(lane)
  if redis.call('EXISTS', P .. ':rows:' .. lane) == 0 then
    redis.call('ZREM', P .. ':owed', lane)
  end
end

-- list_ended lists a delivery among those that ended in a state, which is not 'delivered': those are on no list
-- of their own.
local function list_ended(id, state, endpoint, created)
  redis.call('ZADD', P .. ':deliveries:' .. state, created, id)
  if state == 'exhausted' then
    redis.call('ZADD', P .. ':deliveries:exhausted:' .. endpoint, created, id)
  end
end

-- unlist_ended takes a delivery off the lists of those that ended in a state.
local function unlist_ended(id, state, endpoint)
  redis.call('ZREM', P .. ':deliveries:' .. state, id)
  redis.call('ZREM', P .. ':deliveries:exhausted:' .. endpoint, id)
end

-- put adds a row to a lane and wakes the lane if it sleeps and is not held. In a timed lane it is due now; else it
-- comes after all that came before it, whatever the clock says.
local function put(lane, row, t, timed)
  local key = P .. ':lane:' .. lane
  local f = redis.call('HMGET', key, 'awake', 'last', 'held')
  local score = t
  if not timed then
    score = math.max(t, tonumber(f[2] or '0') + 1 / 1024)
    redis.call('HSET', key, 'last', num(score))
  end
  redis.call('ZADD', P .. ':rows:' .. lane, num(score), row)
  if f[1] ~= '1' and timed then
    owes(lane, t)
  end
  if f[1] ~= '1' and not f[3] then
    wake(lane, t)
  end
end

-- event_waits notes that n more runs of the event that a run's body names have not ended: it is kept for
-- them.
local function event_waits(body, n)
  local event = string.match(body or '', '"e":"([^"]+)"')
  local key = event and P .. ':event:' .. event
  if key and redis.call('HEXISTS', key, 'op') == 1 then
    redis.call('HINCRBY', key, 'op', n)
  end
end

-- connection_gone reports whether the connection whose runs wait in the lane was deleted.
local function connection_gone(lane)
  return redis.call('EXISTS', P .. ':con:' .. string.match(lane, '^[^.]+')) == 0
end

-- drop_abandoned removes a lane that is empty and of an endpoint that was deleted, and reports whether it
-- was: nobody needs it any more. A worker that holds it has lost it.
local function drop_abandoned(lane)
  local endpoint = string.match(lane, '^([^.]+)%.d$')
  local needed = not endpoint or redis.call('HGET', P .. ':project', 'end') == endpoint
    or redis.call('EXISTS', P .. ':endpoint:' .. endpoint, P .. ':rows:' .. lane) > 0
  if not needed then
    redis.call('DEL', P .. ':lane:' .. lane)
    redis.call('ZREM', P .. ':due', lane)
    redis.call('ZREM', P .. ':owed', lane)
    redis.call('DEL', P .. ':sent:' .. endpoint)
  end
  return not needed
end

-- remove_run removes a run as if it had never been.
local function remove_run(id, lane)
  local key = P .. ':run:' .. id
  local f = redis.call('HMGET', key, 'st', 'b')
  if f[1] == 'queued' or f[1] == 'running' then
    event_waits(f[2], -1)
  end
  redis.call('UNLINK', key)
  redis.call('ZREM', P .. ':rows:' .. lane, id)
  for _, group in ipairs({ '', ':queued', ':running', ':failed', ':cancelled' }) do
    redis.call('ZREM', P .. ':runs' .. group, id)
  end
end

-- add_run stores a queued run and puts it into its lane, unless it is there already, or nobody is left to
-- run for.
local function add_run(id, lane, body, t, created)
  local key = P .. ':run:' .. id
  if redis.call('EXISTS', key) == 1 or connection_gone(lane) then
    return false
  end
  event_waits(body, 1)
  redis.call('HSET', key, 'b', body, 'st', 'queued', 'lane', lane, 'new', num(created))
  if string.find(body, '"e":"', 1, true) then
    redis.call('HSET', P .. ':con:' .. string.match(lane, '^[^.]+'), 'ev', num(created))
  end
  redis.call('ZADD', P .. ':runs', num(created), id)
  redis.call('ZADD', P .. ':runs:queued', num(created), id)
  put(lane, id, t)
  return true
end
