-- Takes a step of a recovery, from where the last one ended: the oldest deliveries come first. ARGV: 1 recovery, 2 how
-- many to look at. Answers how it stands ('gone' there is none), for how many ms the next step has to wait, and how
-- many were retried.
local id, most = ARGV[1], tonumber(ARGV[2])
local key = P .. ':recovery:' .. id
local f = redis.call('HMGET', key, 'st', 'f', 'from', 'to', 'rate', 'new', 'found', 're', 'cs', 'cm', 'pace')
if f[1] ~= 'running' then
  return { f[1] or 'gone', '0', 0, hints }
end
local t = now()
local filter, to, rate, made = cjson.decode(f[2]), tonumber(f[4]), tonumber(f[5]), tonumber(f[6])
local set = set_of(filter)

-- With a rate, one more may be retried whenever the pace, a time, is over; each moves it on. What was missed, because no
-- worker came in time, is made up for, but not an outage.
local MISSED = 5000 -- ms
local pace = math.max(tonumber(f[11] or '') or t, t - MISSED)
local room = rate > 0 and math.max(math.floor((t - pace) * rate / 1000) + 1, 0) or most

local there = {} -- endpoint -> whether it is

local function is_there(endpoint)
  if there[endpoint] == nil then
    there[endpoint] = redis.call('HGET', P .. ':project', 'end') == endpoint
      or redis.call('EXISTS', P .. ':endpoint:' .. endpoint) == 1
  end
  return there[endpoint]
end

local why = 'the recovery ' .. id .. ' asked for another attempt'
local retried, skipped = {}, 0

local function look(delivery)
  local wanted, endpoint = described(filter, delivery, made)
  if wanted and is_there(endpoint) then
    retry(delivery, why, t)
    retried[#retried + 1] = delivery
  elseif wanted then
    skipped = skipped + 1
  end
end

-- walk looks at some, and answers the place that it came to and whether all was looked at.
local function walk()
  local score, member = f[9], f[10]
  local rank = behind(set, score, member, f[3])
  local page = redis.call('ZRANGE', set, rank, rank + most - 1, 'WITHSCORES')
  for i = 1, #page, 2 do
    if tonumber(page[i + 1]) >= to then
      return score, member, true
    elseif #retried >= room then
      return score, member, false
    end
    look(page[i])
    score, member = page[i + 1], page[i]
  end
  return score, member, #page < 2 * most
end

local score, member, all = walk()
if score then
  redis.call('HSET', key, 'cs', score, 'cm', member)
end
if rate > 0 then
  pace = pace + #retried * 1000 / rate
  redis.call('HSET', key, 'pace', num(pace))
end
redis.call('HINCRBY', key, 're', #retried)
redis.call('HINCRBY', key, 'sk', skipped)
if all then
  redis.call('HSET', key, 'sk', math.max(tonumber(f[7]) - tonumber(f[8] or '0') - #retried, 0))
  end_recovery(key, 'succeeded', t)
end
if #retried > 0 then
  redis.call('PUBLISH', P .. ':watch', table.concat(retried, ','))
end
if #retried + skipped > 0 or all then
  tell_watchers(id)
end
local wait = rate > 0 and not all and math.max(math.ceil(pace - t), 0) or 0
return { all and 'succeeded' or 'running', num(wait), #retried, hints }
