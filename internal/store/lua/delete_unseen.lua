-- Deletes, a part of the model at a time, the records that a full run did not return: live ones that
-- neither it nor an event run begun since has touched. ARGV: 1 run, 2 fence, 3 model, 4 scan cursor,
-- 5 how many, 6 which write of the run it is. Answers the next cursor; '0' is the end.
local no_longer, no, start = fenced(ARGV[1], ARGV[2], ARGV[6])
if no_longer then
  return 'fenced'
end
local hash, index = C .. ':r:' .. ARGV[3], C .. ':m:' .. ARGV[3]
local t = num(clock())
local page = redis.call('HSCAN', hash, ARGV[4], 'COUNT', ARGV[5])
local deletions = {}
local done = {} -- a scan may show a record twice
for i = 1, #page[2], 2 do
  local id, r = page[2][i], parse(page[2][i + 1])
  local touched = r.frun == no or (tonumber(r.erun) or 0) > tonumber(no) or tonumber(r.modified) >= tonumber(start)
  if r.action ~= 'D' and not touched and not done[id] then
    done[id] = true
    r.frun, r.fwas = no, 'd' .. r.digest
    r.action, r.modified, r.deleted = 'D', t, t
    redis.call('HSET', hash, id, format(r))
    redis.call('ZADD', index, t, id)
    deletions[#deletions + 1] = t
    deletions[#deletions + 1] = id
  end
end
bury(ARGV[1], ARGV[3], deletions)
if #deletions > 0 then
  redis.call('HINCRBY', C .. ':run:' .. ARGV[1], 'd:' .. ARGV[3], #deletions / 2)
end
wrote(ARGV[1], ARGV[6])
return page[1]
