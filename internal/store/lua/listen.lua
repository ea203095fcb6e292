-- Answers what whoever listens to the deliveries of a project has not heard of yet: those that were made, and then those
-- that were retried, each in the order in which it happened. ARGV: 1 the caller's key ('': the admin), 2 score and
-- 3 member of the last one that was made ('' and '': none, what is asked for begins now), 4 and 5 those of the last one
-- that was retried, 6 how many of each at most.
-- Only what happened before this moment is answered: nothing can be added to that any more, so that nobody misses what
-- another script adds in the same millisecond.
if redis.call('EXISTS', P .. ':project') == 0 then
  return { 'gone' }
elseif ARGV[1] ~= '' and redis.call('HEXISTS', P .. ':keys', ARGV[1]) == 0 then
  return { 'revoked' }
end
local edge = clock(now())
local most = tonumber(ARGV[6])

-- news answers what follows a place in an index, one after the other member and score, and whether there is more now or
-- in a moment.
local function news(index, score, member)
  if score == '' then
    return {}, redis.call('ZCOUNT', index, num(edge), '+inf') > 0
  end
  local rank = after(index, score, member)
  local page = redis.call('ZRANGE', index, rank, rank + most - 1, 'WITHSCORES')
  for i = 1, #page, 2 do
    if tonumber(page[i + 1]) >= edge then
      return { unpack(page, 1, i - 1) }, true
    end
  end
  return page, #page == 2 * most
end

local made, more = news(P .. ':deliveries', ARGV[2], ARGV[3])
local retried, again = news(P .. ':replays', ARGV[4], ARGV[5])
return { 'ok', num(edge), more and '1' or '0', made, again and '1' or '0', retried }
