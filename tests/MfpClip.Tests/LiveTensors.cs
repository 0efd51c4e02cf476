[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace MfpClip.Tests;

/// <summary>Counts native tensors. Tests run one after another, because the count is of the whole process.</summary>
internal static class LiveTensors
{
    /// <summary>The count, once garbage of earlier tests is gone. Compare it with <c>torch.Tensor.TotalCount</c> afterwards: without a
    /// collection in between, a tensor that nobody disposes still counts.</summary>
    public static long Settle()
    {
        for (int i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return torch.Tensor.TotalCount;
    }
}
