// What fetch makes of an answer: node faults.mjs URL prints the name of the error, or nothing.
const headers = { Authorization: "Bearer polar_cst_individual" };

try {
  const answer = await fetch(process.argv[2], { headers, signal: AbortSignal.timeout(1000) });
  await answer.json();
} catch (error) {
  console.log(error.name);
}
