"""The connection to AWS: sessions, limits on calls, retries, and the policy that forbids writes."""
