// What a flush may say. A completed write is durable once a flush that was issued after its completion has succeeded. When the
// controller may have lost its volatile cache (a fatal error, a reset of the subsystem), completed writes that no flush has covered may be
// gone, although they were reported as done; a later flush would succeed and vouch for them. So after such an event every flush that was
// in the driver's hands, and the first one submitted afterwards, fails instead: whoever relies on the writes learns of it before anything is
// called durable. Only the driver can know this. Writes that were still outstanding are no concern: they are issued again.
namespace Aurora.Nvme;

/// <summary>Counts completed writes against flushes, for one controller.</summary>
internal sealed class FlushGuard
{
    private ulong _covered;

    /// <summary>Writes that have completed successfully so far.</summary>
    public ulong WritesCompleted { get; private set; }

    /// <summary>True when the next flush must fail.</summary>
    public bool OwesFailure { get; private set; }

    /// <summary>Whether there are completed writes that no flush has covered.</summary>
    public bool HasUncoveredWrites => _covered != WritesCompleted;

    public void WriteCompleted() => WritesCompleted++;

    /// <summary>A flush succeeded that was issued when so many writes had completed.</summary>
    public void FlushCompleted(ulong writesCompleted)
    {
        if (writesCompleted > _covered)
            _covered = writesCompleted;
    }

    /// <summary>The cache may have been lost. Returns whether anything was in it, that is, whether flushes must fail.</summary>
    public bool CacheLost()
    {
        if (!HasUncoveredWrites)
            return false;
        _covered = WritesCompleted;
        OwesFailure = true;
        return true;
    }

    /// <summary>The failure owed has been delivered.</summary>
    public void FailureDelivered() => OwesFailure = false;
}
