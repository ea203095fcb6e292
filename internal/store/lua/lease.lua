-- Takes or renews the lease of a role. ARGV: 1 who, 2 how long in ms. A lease that has longer to live
-- than twice that was given before the clock was set back: its holder, if it lives, has renewed it since.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] and redis.call('PTTL', KEYS[1]) <= 2 * tonumber(ARGV[2]) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
