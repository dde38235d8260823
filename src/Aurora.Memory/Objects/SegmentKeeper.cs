namespace Aurora.Memory;

/// <summary>Hears on behalf of those who hold shared segments (Aurora.Posix) who shows them (<see cref="VmObject.Segment"/>).</summary>
public abstract unsafe class SegmentKeeper
{
    /// <summary>A program has begun to show a segment, or shows it in one more piece.</summary>
    public abstract void Attached(VmObject* target);

    /// <summary>
    /// A piece is not shown any more, by a process (zero: the one whose call it is). True when the segment has ended with that: memory then
    /// gives up the reference that it held on its object.
    /// </summary>
    public abstract bool Detached(VmObject* target, int process);
}
