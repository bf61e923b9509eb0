-- Sends a request with another number in it each time: wrk -s fresh.lua URL -- FILE
dofile("summary.lua")

local before, behind, number = "", "", 0

function init(args)
  before, behind = assert(io.open(args[1], "rb")):read("*a"):match("^(%Z*)%z(%Z*)$")
end

function request()
  number = number + 1
  return string.format("%s%09d%s", before, number, behind)
end
