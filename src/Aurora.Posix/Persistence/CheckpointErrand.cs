namespace Aurora.Posix.Persistence;

/// <summary>What can be done to the checkpoints in the store.</summary>
public enum CheckpointErrand : byte
{
    None,

    /// <summary>Gives up a named checkpoint.</summary>
    Drop,

    /// <summary>Makes a checkpoint the present state; the machine restarts from it.</summary>
    Rollback,
}
