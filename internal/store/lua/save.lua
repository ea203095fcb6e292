-- Writes records of one model. ARGV: 1 run, 2 fence, 3 lane ('e' or 'f'), 4 model, 5 whether a record
-- that does not change must still be noted as seen, 6 which write of the run it is, then for each record:
-- id, op ('p' put, 'd' delete), digest, payload, and the digest it must have now ('' any). Answers the IDs
-- of records that had another digest; these are left alone.
local no_longer, no = fenced(ARGV[1], ARGV[2], ARGV[6])
if no_longer then
  return { 'fenced' }
end
local hash, index = C .. ':r:' .. ARGV[4], C .. ':m:' .. ARGV[4]
local run_field, was_field = ARGV[3] .. 'run', ARGV[3] .. 'was'
local t = num(clock())
local ids = {}
for i = 7, #ARGV, 5 do
  ids[#ids + 1] = ARGV[i]
end
local stored = redis.call('HMGET', hash, unpack(ids))
local counts, conflicts = {}, { 'ok' }
local writes, moves = {}, {}
local deletions, revived = {}, {}

-- count takes back the class that the run had counted for a record, and counts the new one.
local function count(from, to)
  if from ~= to then
    counts[from] = (counts[from] or 0) - 1
    counts[to] = (counts[to] or 0) + 1
  end
end

-- become changes what a record is.
local function become(r, id, is, op, digest, payload)
  r.modified = t
  if op == 'd' then
    r.action, r.deleted = 'D', t
    deletions[#deletions + 1] = t
    deletions[#deletions + 1] = id
  else
    if is == 'x' then
      revived[#revived + 1] = id
    end
    r.action, r.deleted = (is == '-' or is == 'x') and 'A' or 'U', ''
    r.digest, r.payload = digest, payload
  end
  moves[#moves + 1] = t
  moves[#moves + 1] = id
end

-- write gives a record its new state, unless it has it already and nothing needs to be noted.
local function write(r, id, op, digest, payload)
  local is, becomes = r.was, op == 'd' and 'x' or digest
  local before, counted = is, '.'
  if r[run_field] == no then
    counted, before = string.sub(r[was_field], 1, 1), string.sub(r[was_field], 2)
  end
  local counts_as = class(before, becomes)
  if becomes == is and counted == counts_as and (ARGV[5] == '0' or r[run_field] == no) then
    return
  end
  count(counted, counts_as)
  if is == '-' then
    r.first, r.erun, r.ewas, r.frun, r.fwas = t, '', '', '', ''
  end
  r[run_field], r[was_field] = no, counts_as .. before
  if becomes ~= is then
    become(r, id, is, op, digest, payload)
  end
  writes[#writes + 1] = id
  writes[#writes + 1] = format(r)
end

for n, id in ipairs(ids) do
  local i = 2 + n * 5
  local op, expect = ARGV[i + 1], ARGV[i + 4]
  local r = parse(stored[n])
  if expect ~= '' and expect ~= r.was then
    conflicts[#conflicts + 1] = id
  elseif op == 'p' or r.was ~= '-' then
    write(r, id, op, ARGV[i + 2], ARGV[i + 3])
  end
end

for i = 1, #writes, 1000 do
  redis.call('HSET', hash, unpack(writes, i, math.min(i + 999, #writes)))
end
for i = 1, #moves, 1000 do
  redis.call('ZADD', index, unpack(moves, i, math.min(i + 999, #moves)))
end
bury(ARGV[1], ARGV[4], deletions)
if #revived > 0 then
  redis.call('ZREM', C .. ':d:' .. ARGV[4], unpack(revived))
end
for class_name, n in pairs(counts) do
  if class_name ~= '.' and n ~= 0 then
    redis.call('HINCRBY', C .. ':run:' .. ARGV[1], class_name .. ':' .. ARGV[4], n)
  end
end
wrote(ARGV[1], ARGV[6])
return conflicts
