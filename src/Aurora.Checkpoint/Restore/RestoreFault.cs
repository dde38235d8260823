using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>Which object stopped a restore.</summary>
public struct RestoreFault
{
    public RestoreStatus Status;
    public ObjectId Id;
    public ObjectKind Kind;
}
