// The name that a checkpoint is to have. One is under way at a time, so that each name gets an epoch of its own and a refused one is not
// forgotten: it stays until an epoch that carries it is durable or has been given up. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Store;

namespace Aurora.Checkpoint;

internal unsafe struct NameRequest
{
    private fixed byte _name[EpochSlot.MaxNameBytes];
    private int _length;
    private bool _isCaptured;

    /// <summary>True from the request on until its epoch is durable or given up.</summary>
    public readonly bool IsUnderWay => _length != 0;

    /// <summary>Asks for a name of 1 to <see cref="EpochSlot.MaxNameBytes"/> bytes.</summary>
    public void Ask(ReadOnlySpan<byte> name)
    {
        Panic.Unless(!IsUnderWay && !name.IsEmpty, "checkpoint: a second name, or none"u8);
        _length = name.Length;
        _isCaptured = false;
        fixed (byte* to = _name)
            name.CopyTo(new Span<byte>(to, EpochSlot.MaxNameBytes));
    }

    /// <summary>An epoch is captured: it carries the name, if none does.</summary>
    public void GiveTo(EpochSlot* slot)
    {
        slot->NameLength = _isCaptured ? 0 : _length;
        if (slot->NameLength == 0)
            return;
        _isCaptured = true;
        fixed (byte* from = _name)
            new ReadOnlySpan<byte>(from, _length).CopyTo(new Span<byte>(slot->Name, EpochSlot.MaxNameBytes));
    }

    /// <summary>An epoch is given up. Without disk space the one who asked is told; otherwise the next epoch has the name.</summary>
    public void TakeBack(EpochSlot* slot, StoreStatus refusal)
    {
        if (slot->NameLength == 0)
            return;
        _isCaptured = false;
        if (refusal == StoreStatus.NoSpace)
            _length = 0;
    }

    /// <summary>An epoch is durable: true when it carried the name, which is free again.</summary>
    public bool IsDoneBy(EpochSlot* slot)
    {
        if (slot->NameLength == 0)
            return false;
        _length = 0;
        return true;
    }
}
