namespace Aurora.Base;

/// <summary>What the kernel objects of one user take. There is one for each user but root who has any.</summary>
internal unsafe struct UserAccount
{
    /// <summary>The real user id.</summary>
    public uint User;

    /// <summary>Objects of all kinds.</summary>
    public uint Objects;

    /// <summary>Memory of the objects and of the pages they hold.</summary>
    public ulong Bytes;

    /// <summary>The next account in the bucket.</summary>
    public UserAccount* Next;

    /// <summary>Objects of each <see cref="ChargeKind"/>.</summary>
    public fixed uint Counts[(int)ChargeKind.Count];
}
