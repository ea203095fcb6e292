-- Looks at deliveries: their place in the indexes, and in their endpoint's lane.
local INDEXES = { 'deliveries', 'deliveries:pending', 'deliveries:exhausted', 'deliveries:cancelled', 'deliveries:superseded' }
for i = 3, #ARGV do
  local id = ARGV[i]
  local f = redis.call('HMGET', P .. ':dlv:' .. id, 'f', 'st', 'new', 'due')
  local facts = read(f[1])
  if not damaged('dlv', id, facts and f[2] and f[3], INDEXES) then
    listed('deliveries', id, f[3])
    for n = 2, #INDEXES do
      listed(INDEXES[n], id, INDEXES[n] == 'deliveries:' .. f[2] and f[3] or nil)
    end
    listed('deliveries:exhausted:' .. facts.e, id, f[2] == 'exhausted' and f[3] or nil)
    local later = f[2] == 'pending' and tonumber(f[4] or '') ~= tonumber(f[3])
    listed('deferred:' .. facts.e, id, later and f[3] or nil)
    waits(facts.e .. '.d', id, f[2] == 'pending', f[4])
  end
end
return report(#ARGV - 2, hints)
