using System;
using Aurora.Base;

namespace Aurora.Store;

public sealed unsafe partial class ObjectStore
{
    /// <summary>
    /// What one commit may hold at most, in bytes: at most 80 for a page, 256 and its length for a record, 256 for a deletion. Bounded by the
    /// memory for changes that are not in the index yet, and by the part of the log that one commit may fill.
    /// </summary>
    public ulong CommitLimitBytes => Math.Min(_options.OverlayBytes, _log.Window * PageSize.Bytes);
}
