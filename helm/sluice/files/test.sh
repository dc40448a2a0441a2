# Submits one item to $DESTINATION and waits for its outcome. Without a destination the item goes to an address that is
# nobody's (RFC 5737): it fails or is refused, and the batch has to end all the same.
set -eu
url=${DESTINATION:-http://192.0.2.1/}
answer=$(curl -sS --fail-with-body --max-time 90 \
  -H 'Content-Type: application/json' -H 'Prefer: wait=60' -H "Idempotency-Key: helm-test-$(date +%s)-$$" \
  ${TOKEN:+-H "Authorization: Bearer $TOKEN"} \
  -d '{"name":"helm-test","options":{"retry":{"maxAttempts":1}},"items":[{"url":"'"$url"'","method":"GET"}]}' \
  "$SLUICE/v1/batches") || { echo "not accepted: $answer"; exit 1; }
echo "$answer"
case $answer in
  *'"state":"COMPLETED"'*) ;;
  *) echo 'the batch did not end within 60 s'; exit 1 ;;
esac
if [ -n "${DESTINATION:-}" ]; then
  case $answer in
    *'"result":"all_succeeded"'*) ;;
    *) echo 'the destination did not take the item'; exit 1 ;;
  esac
fi
