-- Has several deliveries that wait for an endpoint become one: those of one connection, sync and model. A row of which
-- this may be says so in co: the endpoint's minimum interval in ms, and its key, <con>.<syn>.<model>. While it is
-- pending the index P:co:<end> has it under its key. The one that stays tells what the others would have told; they
-- are superseded by it. What is in flight is never touched, and what was sent once never tells anything else (tk).
local NUL = string.char(0)
local SIBLINGS = 50 -- that one delivery looks at

-- key_of reads co: a key, and the minimum interval.
local function key_of(co)
  local interval, key = string.match(co or '', '^(%d+):(.+)$')
  return key, tonumber(interval or '0')
end

local function co_index(endpoint)
  return P .. ':co:' .. endpoint
end

-- OPEN is how the text of a flow begins whose breaker is open (webhook.Flow).
local OPEN = '^%d+ v1[ lgu%d]* o%d'

-- troubled reports whether an endpoint is held, or does not take what it gets.
local function troubled(lane, t)
  local f = redis.call('HMGET', P .. ':lane:' .. lane, 'held', 'nb', 'flow')
  return f[1] and f[1] ~= '' or tonumber(f[2] or '0') > t or string.find(f[3] or '', OPEN) ~= nil
end

local BODY = '^(.*{"added":)(%d+)(,"updated":)(%d+)(,"deleted":)(%d+)(}},"syncType":")(%u+)(","queryTimeStamp":)([^}]+)}$'

local function sum(a, b)
  return string.format('%.0f', tonumber(a) + tonumber(b))
end

-- merged answers the body that tells what two bodies tell, or nothing if one of them cannot be read: the counts of both,
-- and the earlier time; INITIAL, which has none, wins. Quotes within names are escaped, so that none looks like a count.
local function merged(older, newer)
  local o, n = { string.match(older, BODY) }, { string.match(newer, BODY) }
  if not o[1] or not n[1] then
    return nil
  end
  n[2], n[4], n[6] = sum(o[2], n[2]), sum(o[4], n[4]), sum(o[6], n[6])
  if o[8] == 'INITIAL' or o[8] == n[8] and o[10] < n[10] then
    n[8], n[10] = o[8], o[10]
  end
  return table.concat(n) .. '}'
end

-- sibling answers a delivery that waits and is not in flight.
local function sibling(rows, id)
  local f = redis.call('HMGET', P .. ':dlv:' .. id, 'st', 'new', 'due', 'at', 'tk', 'b', 'wt')
  local score = tonumber(redis.call('ZSCORE', rows, id) or '0')
  if f[1] ~= 'pending' or score <= 0 then
    return nil
  end
  return {
    id = id, new = tonumber(f[2]), due = tonumber(f[3]), attempts = tonumber(f[4] or '0'), taken = f[5], body = f[6], cause = f[7] or '',
  }
end

-- absorb has a delivery tell what an older one would have told, unless their bodies cannot be merged. It is due when the
-- older one was; but when that was interrupted, nobody knows whether it came, and so it counts as sent.
local function absorb(into, old)
  local body = merged(old.body, into.body)
  if not body then
    return false
  end
  into.body = body
  local due = math.max(old.due, into.new)
  if due <= into.due and (not old.taken or old.attempts > 0) then
    into.due, into.cause, into.hinted = due, old.cause, true -- the older one's hint comes then
  end
  return true
end

local function supersede(endpoint, key, old, by, t)
  local row = P .. ':dlv:' .. old.id
  redis.call('HSET', row, 'st', 'superseded', 'sup', by, 'end', num(clock(t)))
  redis.call('HDEL', row, 'due', 'rs', 'wt', 'co', 'tk')
  redis.call('ZREM', P .. ':rows:' .. endpoint .. '.d', old.id)
  redis.call('ZREM', P .. ':deliveries:pending', old.id)
  redis.call('ZREM', P .. ':deferred:' .. endpoint, old.id)
  redis.call('ZREM', co_index(endpoint), key .. NUL .. old.id)
  list_ended(old.id, 'superseded', endpoint, num(old.new))
  count(endpoint, 's')
  redis.call('PUBLISH', P .. ':watch', old.id)
end

local function keep(endpoint, d)
  local row = P .. ':dlv:' .. d.id
  redis.call('HSET', row, 'b', d.body, 'due', num(d.due), 'wt', d.cause)
  redis.call('ZADD', P .. ':rows:' .. endpoint .. '.d', num(d.due), d.id)
  if d.due == d.new then
    redis.call('ZREM', P .. ':deferred:' .. endpoint, d.id)
  else
    redis.call('ZADD', P .. ':deferred:' .. endpoint, num(d.new), d.id)
  end
end

-- siblings answers what waits under a key, some at most, and that of these which may tell more: it was never
-- sent, and is the newest such. Of those of one moment, newest is.
local function siblings(endpoint, key, most, newest)
  local found = redis.call('ZREVRANGEBYLEX', co_index(endpoint), '[' .. key .. NUL .. '\255', '[' .. key .. NUL, 'LIMIT', 0, most)
  local waiting, into = {}, nil
  for i = 1, #found > 1 and #found or 0 do
    local d = sibling(P .. ':rows:' .. endpoint .. '.d', string.sub(found[i], #key + 2))
    waiting[#waiting + 1] = d
    if d and not d.taken and (not into or d.new > into.new or d.new == into.new and d.id == newest) then
      into = d
    end
  end
  return waiting, into, #found
end

-- coalesce has what waits under a key become one: all of it, or only what was attempted already or is not due yet. It
-- answers how many were superseded, how many it looked at, and the one that stays if any were. newest is the one that
-- was made last, if that is known.
local function coalesce(endpoint, key, t, all, most, newest)
  local waiting, into, looked = siblings(endpoint, key, most, newest)
  local gone = {}
  for _, d in ipairs(into and waiting or {}) do
    local may = d ~= into and d.new <= into.new and (all or d.attempts > 0 or d.due > t)
    if may and absorb(into, d) then
      gone[#gone + 1] = d
    end
  end
  for _, d in ipairs(gone) do
    supersede(endpoint, key, d, into.id, t)
  end
  if #gone == 0 then
    return 0, looked
  end
  keep(endpoint, into)
  return #gone, looked, into
end

-- may_send answers when a new delivery is due: its endpoint's minimum interval after the last one of its key.
local function may_send(endpoint, key, interval, t)
  local last = interval > 0 and redis.call('ZSCORE', P .. ':sent:' .. endpoint, key)
  return last and math.max(t, tonumber(last) + interval) or t
end

-- sent notes that a delivery is sent now: it may be told of what else waits no more, and the next one of its key comes
-- after the interval.
local function sent(endpoint, id, co)
  local key, interval = key_of(co)
  redis.call('HSET', P .. ':dlv:' .. id, 'tk', '1')
  if interval == 0 then
    return
  end
  local t, set = now(), P .. ':sent:' .. endpoint
  redis.call('ZADD', set, num(t), key)
  redis.call('ZREMRANGEBYSCORE', set, '-inf', num(t - interval))
  redis.call('PEXPIRE', set, num(interval))
end
