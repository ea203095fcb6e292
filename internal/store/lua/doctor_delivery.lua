-- Looks at deliveries: their place in the indexes, and in their endpoint's lane.
local INDEXES = { 'deliveries', 'deliveries:pending', 'deliveries:exhausted', 'deliveries:cancelled', 'deliveries:superseded' }

-- joins wants a delivery that waits, and may become one with others, in the index of these.
local function joins(index, id, co)
  local member = string.match(co or '', '^%d+:(.+)$')
  if member and not redis.call('ZSCORE', P .. ':' .. index, member .. string.char(0) .. id) then
    fault('joining_unlisted', id, string.sub(index, 4), function()
      redis.call('ZADD', P .. ':' .. index, 0, member .. string.char(0) .. id)
    end)
  end
end

for i = 3, #ARGV do
  local id = ARGV[i]
  local f = redis.call('HMGET', P .. ':dlv:' .. id, 'f', 'st', 'new', 'due', 'co')
  local facts = read(f[1])
  if not damaged('dlv', id, facts and f[2] and f[3], INDEXES) then
    listed('deliveries', id, f[3])
    for n = 2, #INDEXES do
      listed(INDEXES[n], id, INDEXES[n] == 'deliveries:' .. f[2] and f[3] or nil)
    end
    listed('deliveries:exhausted:' .. facts.e, id, f[2] == 'exhausted' and f[3] or nil)
    local later = f[2] == 'pending' and tonumber(f[4] or '') ~= tonumber(f[3])
    listed('deferred:' .. facts.e, id, later and f[3] or nil)
    joins('co:' .. facts.e, id, f[2] == 'pending' and f[5])
    waits(facts.e .. '.d', id, f[2] == 'pending', f[4])
  end
end
return report(#ARGV - 2, hints)
