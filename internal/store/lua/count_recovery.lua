-- Counts what a recovery would retry, some at a time. ARGV: 1 filter, 2 the lowest time of making, 3 the first that is
-- too high ('' none), 4 how many to look at, 5 until when they must have been given up ('' now), 6 and 7 the (score,
-- member) to go on after ('' from the beginning). Answers until when, how many were found, and where to go on ('' all
-- were counted); nothing, when the project was deleted.
if redis.call('EXISTS', P .. ':project') == 0 then
  return false
end
local filter, from, to = cjson.decode(ARGV[1]), ARGV[2], ARGV[3]
local cut = tonumber(ARGV[5])
if not cut then -- what is given up from now on is given up later
  cut = clock(now())
  redis.call('SET', P .. ':clock', num(cut + 1))
end
local last = to == '' and cut or math.min(tonumber(to) - 1, cut)
local set = set_of(filter)
if not detailed(filter) and ARGV[6] == '' then
  return { num(cut), redis.call('ZCOUNT', set, from == '' and '-inf' or from, num(last)), '', '' }
end

local rank = behind(set, ARGV[6], ARGV[7], from)
local page = redis.call('ZRANGE', set, rank, rank + ARGV[4] - 1, 'WITHSCORES')
local found = 0
for i = 1, #page, 2 do
  if tonumber(page[i + 1]) > last then
    return { num(cut), found, '', '' }
  end
  if described(filter, page[i], cut) then
    found = found + 1
  end
end
if #page < 2 * tonumber(ARGV[4]) then
  return { num(cut), found, '', '' }
end
return { num(cut), found, page[#page], page[#page - 1] }
