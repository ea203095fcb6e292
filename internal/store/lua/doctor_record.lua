-- Looks at records of a model: their place in the indexes, that of deletions too, and the clock and count
-- of runs, which must be ahead of them. It stops when it has read enough, so that nobody else waits for long.
local MOST = 2000000 -- bytes
local hash, index, deletions = C .. ':r:' .. ARGV[2], C .. ':m:' .. ARGV[2], C .. ':d:' .. ARGV[2]
local ordinal = tonumber(redis.call('GET', C .. ':runs') or '0')
local time = tonumber(redis.call('GET', C .. ':clock') or '0')
local size, looked, top, latest = 0, 0, ordinal, time

-- absent wants an index not to name a record that is not there.
local function absent(key, id)
  if redis.call('ZSCORE', key, id) then
    fault('index_without_row', id, string.sub(key, #C + 2), function() redis.call('ZREM', key, id) end)
  end
end

-- buried wants a record on the list of deletions by when it was deleted, or not there.
local function buried(id, deleted)
  local score = redis.call('ZSCORE', deletions, id)
  if deleted and (not score or tonumber(score) ~= tonumber(deleted)) then
    fault('deletion_unlisted', id, ARGV[2], function() redis.call('ZADD', deletions, deleted, id) end)
  elseif score and not deleted then
    fault('deletion_of_living', id, ARGV[2], function() redis.call('ZREM', deletions, id) end)
  end
end

local function look(id)
  local text = redis.call('HGET', hash, id)
  local score = redis.call('ZSCORE', index, id)
  if not text then
    absent(index, id)
    absent(deletions, id)
    return 0
  end
  local r = string.match(text, '^' .. string.rep('[^|]*|', 9)) and parse(text)
  if not r or not tonumber(r.modified) then
    fault('record_damaged', id, ARGV[2], function()
      redis.call('HDEL', hash, id)
      redis.call('ZREM', index, id)
      redis.call('ZREM', deletions, id)
    end)
    return #text
  end
  if not score or tonumber(score) ~= tonumber(r.modified) then
    fault('record_unlisted', id, ARGV[2], function() redis.call('ZADD', index, r.modified, id) end)
  end
  buried(id, r.action == 'D' and r.deleted or nil)
  top = math.max(top, tonumber(r.erun) or 0, tonumber(r.frun) or 0)
  latest = math.max(latest, tonumber(r.modified))
  return #text
end

for i = 3, #ARGV do
  if size < MOST then
    size = size + look(ARGV[i])
    looked = looked + 1
  end
end
if top > ordinal then
  fault('ordinal_behind', ARGV[3], ordinal, function() redis.call('SET', C .. ':runs', num(top)) end)
end
if latest > time then
  fault('clock_behind', ARGV[3], num(time), function() redis.call('SET', C .. ':clock', num(latest)) end)
end
return report(looked)
