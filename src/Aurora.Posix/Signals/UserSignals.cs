// How many signals and timers each real user has waiting: what RLIMIT_SIGPENDING limits. A user with none has no account, but for the last
// one who had some: most signals are the only one. Derived, so not captured. Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Posix.Signals;

/// <summary>Counts of queued signals by real user id.</summary>
public sealed unsafe class UserSignals(PageAllocator pages, int maxUsers)
{
    private const int Buckets = 256;

    private struct Account
    {
        public uint User;
        public int Count;
        public Account* Next;
    }

    private readonly Slab<Account> _accounts = new(pages, maxUsers);
    private readonly nint[] _buckets = new nint[Buckets];

    // Without a count, and in its bucket all the same; null when there is none.
    private Account* _idle;

    /// <summary>How many a user has.</summary>
    public int CountOf(uint user)
    {
        Account* account = (Account*)_buckets[user % Buckets];
        while (account != null && account->User != user)
            account = account->Next;
        return account == null ? 0 : account->Count;
    }

    /// <summary>Charges a user; false when there is no memory for the account.</summary>
    public bool Charge(uint user, int count)
    {
        if (count == 0)
            return true;
        Account* account = (Account*)_buckets[user % Buckets];
        while (account != null && account->User != user)
            account = account->Next;
        if (account == null)
        {
            // The idle one is nobody's reason to go without.
            if (_idle != null)
                End(_idle);
            _idle = null;
            account = _accounts.Allocate();
            if (account == null)
                return false;
            account->User = user;
            account->Next = (Account*)_buckets[user % Buckets];
            _buckets[user % Buckets] = (nint)account;
        }
        if (account == _idle)
            _idle = null;
        account->Count += count;
        return true;
    }

    /// <summary>Takes back what was charged.</summary>
    public void Release(uint user, int count)
    {
        if (count == 0)
            return;
        Account* account = (Account*)_buckets[user % Buckets];
        while (account != null && account->User != user)
            account = account->Next;
        Panic.Unless(account != null && account->Count >= count, "signals: more was released than had been charged"u8);
        account->Count -= count;
        if (account->Count != 0)
            return;
        if (_idle != null)
            End(_idle);
        _idle = account;
    }

    private void End(Account* account)
    {
        uint bucket = account->User % Buckets;
        Account* previous = null;
        for (Account* other = (Account*)_buckets[bucket]; other != account; other = other->Next)
            previous = other;
        if (previous != null)
            previous->Next = account->Next;
        else
            _buckets[bucket] = (nint)account->Next;
        _accounts.Free(account);
    }
}
