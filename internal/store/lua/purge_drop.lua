-- Drops a purge of nothing, unless somebody has it begin just now. ARGV: 1 which, 2 the score seen.
if redis.call('ZSCORE', KEYS[1], ARGV[1]) == ARGV[2] then
  redis.call('ZREM', KEYS[1], ARGV[1])
end
return 0
