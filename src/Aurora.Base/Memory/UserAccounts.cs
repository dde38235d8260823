// Who pays for kernel objects. While a system call runs, what it makes is charged to the real user id of its process; an object keeps its
// account until it ends, whoever owns it by then, and through checkpoints and restores. Root and the kernel pay nothing and are refused
// nothing.
//
// A user may hold at most as much as there is left for users to take (Choudhury and Hahne, "Dynamic queue length thresholds", 1998), of
// each kind of object and of kernel memory as a whole: alone a half, two greedy ones a third each, and as much stays free for whoever comes
// next. Of both, a share is kept for those with CAP_SYS_RESOURCE, whatever all users hold together.
//
// Protected by the kernel lock.
using System.Runtime.CompilerServices;

namespace Aurora.Base;

/// <summary>Who pays for something that is no object; the default is nobody.</summary>
public readonly unsafe struct Payer
{
    internal readonly UserAccount* Account;

    internal Payer(UserAccount* account) => Account = account;
}

/// <summary>The accounts of all users with kernel objects of one <see cref="PageAllocator"/>.</summary>
public sealed unsafe class UserAccounts
{
    /// <summary>One part in so many of each kind's number is kept for root.</summary>
    public const int ObjectReserveShare = 16;

    /// <summary>One part in so many of the kernel's memory is kept for root.</summary>
    public const int MemoryReserveShare = 8;

    private const int MaxAccounts = 1 << 16;
    private const int BucketCount = PageSize.Bytes / 8;

    private readonly PageAllocator _pages;
    private readonly Slab<UserAccount> _accounts;
    private readonly ObjectStock?[] _stocks = new ObjectStock?[(int)ChargeKind.Count];
    private UserAccount** _buckets;
    private UserAccount* _current;
    private uint _user;

    internal UserAccounts(PageAllocator pages)
    {
        _pages = pages;
        _accounts = new Slab<UserAccount>(pages, MaxAccounts);
    }

    /// <summary>All there are of a charged kind; null when nobody has any.</summary>
    public ObjectStock? StockOf(ChargeKind kind) => _stocks[(int)kind];

    // At boot: each kind has one slab.
    internal void Declare(ChargeKind kind, ObjectStock stock) => _stocks[(int)kind] = stock;

    /// <summary>True while a user without CAP_SYS_RESOURCE is at work, who may neither pass his share nor touch the reserve.</summary>
    public bool IsLimited { get; private set; }

    /// <summary>Objects and pages refused because a user would have passed his share.</summary>
    public ulong Refusals { get; private set; }

    /// <summary>From here on objects are charged to a user, without limit if he has CAP_SYS_RESOURCE.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Enter(uint user, bool isPrivileged)
    {
        IsLimited = !isPrivileged;
        if (user != _user)
            ChangeUser(user);
    }

    /// <summary>From here on the kernel works for itself.</summary>
    public void Leave() => Enter(0, isPrivileged: true);

    /// <summary>Lets whatever runs use the reserve, until <see cref="Restrict"/> gets what this returns.</summary>
    public bool Lift()
    {
        bool wasLimited = IsLimited;
        IsLimited = false;
        return wasLimited;
    }

    /// <summary>Ends what <see cref="Lift"/> began.</summary>
    public void Restrict(bool wasLimited) => IsLimited = wasLimited;

    /// <summary>What the objects of a user take, in bytes.</summary>
    public ulong BytesOf(uint user)
    {
        UserAccount* account = Find(user);
        return account == null ? 0 : account->Bytes;
    }

    /// <summary>
    /// Charges one more of a kind of which there are <paramref name="count"/>, at most <paramref name="limit"/>, and which is no object;
    /// false when it may not be had.
    /// </summary>
    public bool TryTake(ChargeKind kind, int count, int limit, out Payer payer)
    {
        bool isAdmitted = Admit(kind, count, limit, 0, out UserAccount* account);
        payer = new Payer(account);
        if (isAdmitted && account != null)
            Charge(account, kind, 0);
        return isAdmitted;
    }

    /// <summary>
    /// As above, for so many of them at once, of which <paramref name="taken"/> is the number there are and becomes the new one.
    /// </summary>
    public bool TryTake(ChargeKind kind, int many, ref int taken, int limit, out Payer payer)
    {
        bool isAdmitted = Admit(kind, taken + many - 1, limit, 0, out UserAccount* account);
        payer = new Payer(account);
        if (!isAdmitted)
            return false;
        taken += many;
        for (int i = 0; account != null && i < many; i++)
            Charge(account, kind, 0);
        return true;
    }

    /// <summary>Gives back so many of what that has charged; whoever counts them counts them himself.</summary>
    public void GiveBack(ChargeKind kind, int many, Payer payer)
    {
        for (int i = 0; payer.Account != null && i < many; i++)
            Refund(payer.Account, kind, 0);
    }

    /// <summary>How many of a kind the user at work has; none if he is root, who pays for nothing.</summary>
    public int CountOfCurrent(ChargeKind kind)
    {
        UserAccount* account = _user == 0 ? null : _current != null ? _current : Find(_user);
        return account == null ? 0 : (int)account->Counts[(int)kind];
    }

    /// <summary>Gives back what <see cref="TryTake(ChargeKind, int, int, out Payer)"/> has charged.</summary>
    public void GiveBack(ChargeKind kind, Payer payer)
    {
        if (payer.Account != null)
            Refund(payer.Account, kind, 0);
    }

    /// <summary>
    /// True if one more object of a kind of which there are <paramref name="count"/>, at most <paramref name="limit"/>, may be made;
    /// <paramref name="account"/> is then who pays for it, null for root.
    /// </summary>
    internal bool Admit(ChargeKind kind, int count, int limit, int bytes, out UserAccount* account)
    {
        account = null;
        if (_user != 0)
        {
            account = CurrentAccount();
            if (account == null)
                return false;
        }
        if (!IsLimited)
            return true;
        long left = limit - (limit / ObjectReserveShare) - count;
        long held = account == null ? 0 : account->Counts[(int)kind];
        return Judge(held < left && MayHold(account, (ulong)bytes));
    }

    /// <summary>As <see cref="Admit"/>, of one for whom others work: he may not pass his share, whoever they are; nor may
    /// they touch the reserve for root.</summary>
    internal bool Admits(UserAccount* account, ChargeKind kind, int count, int limit, int bytes)
    {
        long left = limit - (limit / ObjectReserveShare) - count;
        if (account == null)
            return !IsLimited || Judge(left > 0);
        return Judge(account->Counts[(int)kind] < left && MayHold(account, (ulong)bytes));
    }

    internal static void Charge(UserAccount* account, ChargeKind kind, int bytes)
    {
        account->Counts[(int)kind]++;
        account->Objects++;
        account->Bytes += (ulong)bytes;
    }

    internal void Refund(UserAccount* account, ChargeKind kind, int bytes)
    {
        Panic.Unless(
            account->Counts[(int)kind] != 0 && account->Bytes >= (ulong)bytes, "accounts: a user got back more than was charged"u8);
        account->Counts[(int)kind]--;
        account->Objects--;
        account->Bytes -= (ulong)bytes;
        if (account->Objects == 0 && account != _current)
            End(account);
    }

    /// <summary>Charges pages to an account that pays for the object that holds them; false when they pass its share.</summary>
    internal bool TryCharge(UserAccount* account, ulong bytes)
    {
        if (account == null)
            return true;
        if (IsLimited && !Judge(MayHold(account, bytes)))
            return false;
        account->Bytes += bytes;
        return true;
    }

    internal static void Refund(UserAccount* account, ulong bytes)
    {
        if (account == null)
            return;
        Panic.Unless(account->Bytes >= bytes, "accounts: a user got back more pages than were charged"u8);
        account->Bytes -= bytes;
    }

    private bool MayHold(UserAccount* account, ulong bytes)
    {
        ulong held = account == null ? 0 : account->Bytes;
        return held + bytes <= _pages.BytesLeftForUsers;
    }

    private bool Judge(bool isAdmitted)
    {
        if (!isAdmitted)
            Refusals++;
        return isAdmitted;
    }

    private void ChangeUser(uint user)
    {
        _pages.Lock.AssertHeld();
        UserAccount* left = _current;
        _current = null;
        _user = user;
        if (left != null && left->Objects == 0)
            End(left);
    }

    private UserAccount* CurrentAccount()
    {
        if (_current == null)
            _current = Find(_user);
        if (_current == null)
            _current = Open(_user);
        return _current;
    }

    private UserAccount* Find(uint user)
    {
        UserAccount* account = _buckets == null ? null : _buckets[user % BucketCount];
        while (account != null && account->User != user)
            account = account->Next;
        return account;
    }

    private UserAccount* Open(uint user)
    {
        if (_buckets == null)
            _buckets = (UserAccount**)_pages.Allocate(1);
        UserAccount* account = _buckets == null ? null : _accounts.Allocate();
        if (account == null)
            return null;
        account->User = user;
        account->Next = _buckets[user % BucketCount];
        _buckets[user % BucketCount] = account;
        return account;
    }

    private void End(UserAccount* account)
    {
        Panic.Unless(account->Bytes == 0, "accounts: a user without objects still holds pages"u8);
        UserAccount** link = &_buckets[account->User % BucketCount];
        while (*link != account)
            link = &(*link)->Next;
        *link = account->Next;
        _accounts.Free(account);
    }
}
