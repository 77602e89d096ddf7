"""The connection to AWS: sessions, what each call may cost, retries, and the policy that forbids writes."""
