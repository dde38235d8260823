using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>What files ask of those who know the machine and the store; boot says who that is.</summary>
public sealed class FileEnvironment
{
    /// <summary>Where statfs asks, and whoever wants more room.</summary>
    public StorageSpace Space { get; set; } = new();

    /// <summary>Tells long transfers when to let others run.</summary>
    public Preemption Preemption { get; set; } = new();
}
