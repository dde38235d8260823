// What programs ask for: durability, and names. One named checkpoint is under way at a time, so that each name gets an epoch of its own and a
// refused one is not forgotten; whoever comes second waits.
using System;
using Aurora.Base;
using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Checkpoint;

public sealed unsafe partial class CheckpointEngine
{
    /// <summary>Named checkpoints that are kept at once.</summary>
    public const int MaxNamed = 64;

    // The name asked for; length zero for none. It stays until an epoch that carries it is durable or has been given up.
    private readonly byte[] _name = new byte[EpochSlot.MaxNameBytes];
    private int _nameLength;
    private bool _isNameCaptured;

    // Epochs up to this one were refused for want of disk space, and those who waited for them have been told.
    private Epoch _refusedThrough;

    /// <inheritdoc/>
    public override Epoch Request()
    {
        if (!IsEnabled)
            return _lastDurable;
        _isRequested = true;
        return _lastCaptured.Next;
    }

    /// <inheritdoc/>
    public override Errno RequestNamed(ReadOnlySpan<byte> name, out Epoch epoch)
    {
        epoch = _lastDurable;
        if (!IsEnabled)
            return Errno.EOPNOTSUPP;
        if (name.IsEmpty || name.Length > EpochSlot.MaxNameBytes)
            return Errno.EINVAL;
        if (_nameLength != 0)
            return Errno.EAGAIN;
        if (_kept >= MaxNamed)
            return Errno.ENOSPC;
        if (_services.Store.HistoryFault.Status != StoreStatus.Ok)
            return Errno.EIO;
        _nameLength = name.Length;
        _isNameCaptured = false;
        name.CopyTo(_name);
        epoch = Request();
        return Errno.Ok;
    }

    /// <inheritdoc/>
    public override bool IsDurable(Epoch epoch) => epoch <= _lastDurable;

    /// <inheritdoc/>
    public override Errno ErrorOf(Epoch epoch)
    {
        if (IsDurable(epoch))
            return Errno.Ok;
        if (_hasFailed)
            return Errno.EIO;
        return epoch <= _refusedThrough ? Errno.ENOSPC : Errno.Ok;
    }

    private void TakeName(EpochSlot slot)
    {
        _isRequested = false;
        slot.NameLength = _isNameCaptured ? 0 : _nameLength;
        if (slot.NameLength == 0)
            return;
        _isNameCaptured = true;
        new ReadOnlySpan<byte>(_name, 0, _nameLength).CopyTo(slot.Name);
    }

    // Without disk space the one who asked is told; otherwise the next epoch has the name.
    private void ReturnName(EpochSlot slot, StoreStatus refusal)
    {
        if (slot.NameLength == 0)
            return;
        _isNameCaptured = false;
        if (refusal == StoreStatus.NoSpace)
            _nameLength = 0;
    }

    private void KeepName(EpochSlot slot)
    {
        if (slot.NameLength == 0)
            return;
        _kept++;
        _nameLength = 0;
    }
}
