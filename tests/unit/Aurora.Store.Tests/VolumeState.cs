using System.Collections.Generic;

namespace Aurora.Store.Tests;

/// <summary>What a volume must be.</summary>
internal sealed class VolumeState
{
    public StoreModel Present { get; set; } = new();

    /// <summary>The state after each of its commits.</summary>
    public Dictionary<ulong, StoreModel> Past { get; } = [];

    /// <summary>Checkpoints that must be there, with their names: until they are dropped.</summary>
    public Dictionary<ulong, string> Kept { get; } = [];

    public string Name { get; set; } = "";

    public VolumeFlags Flags { get; set; }

    public VolumeId Parent { get; set; }

    public ulong ParentSequence { get; set; }

    /// <summary>The newest commit that changed it; 0 for none.</summary>
    public ulong Last { get; set; }
}
