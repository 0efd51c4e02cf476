namespace MfpClip.Modules;

/// <summary>The vision tower cut into consecutive runs of blocks, TF_1 to TF_S (paper: four equal runs; ViT-L taps after 6, 12, 18, 24).</summary>
/// <param name="Taps">Number of blocks that have run when stage i ends; the last one is the tower's depth.</param>
public sealed record StagePlan(IReadOnlyList<int> Taps)
{
    /// <summary>Number of stages.</summary>
    public int Count => Taps.Count;

    /// <summary>
    /// Runs as equal as the depth allows; where it does not divide, later stages are the longer ones (reconstructed: the paper's depth divides).
    /// </summary>
    /// <exception cref="DetectorConfigurationException">Fewer blocks than stages.</exception>
    public static StagePlan Even(int layers, int stages)
    {
        if (stages < 1 || stages > layers)
        {
            throw new DetectorConfigurationException([$"A vision tower of {layers} blocks cannot be cut into {stages} stages; choose 1 to {layers}."]);
        }

        return new([.. Enumerable.Range(1, stages).Select(i => i * layers / stages)]);
    }

    /// <summary>First block and number of blocks of a stage.</summary>
    /// <param name="stage">1-based.</param>
    public (int First, int Count) Blocks(int stage)
    {
        var first = stage == 1 ? 0 : Taps[stage - 2];
        return (first, Taps[stage - 1] - first);
    }
}
