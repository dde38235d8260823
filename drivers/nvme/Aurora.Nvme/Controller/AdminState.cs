namespace Aurora.Nvme;

/// <summary>What the running driver has the admin queue do, one at a time.</summary>
internal enum AdminWork : byte
{
    None,
    Abort,
    ReadHealth,
    ReadErrors,
    ReadChangedNamespaces,
    IdentifyNamespace,
}

/// <summary>The admin command under way, and those that are wanted.</summary>
internal sealed class AdminState
{
    private uint _wanted;

    public AdminWork UnderWay { get; set; }

    public ulong Deadline { get; set; }

    public bool IsBusy => UnderWay != AdminWork.None || _wanted != 0;

    public void Want(AdminWork work) => _wanted |= 1u << (int)work;

    /// <summary>True once for work that is wanted.</summary>
    public bool TakeWanted(AdminWork work)
    {
        uint bit = 1u << (int)work;
        bool isWanted = (_wanted & bit) != 0;
        _wanted &= ~bit;
        return isWanted;
    }

    /// <summary>Nothing is under way or wanted any more.</summary>
    public void Clear()
    {
        UnderWay = AdminWork.None;
        _wanted = 0;
    }
}
