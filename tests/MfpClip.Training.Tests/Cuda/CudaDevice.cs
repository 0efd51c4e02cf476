using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Training.Tests.Cuda;

/// <summary>What tests on a GPU share. Where there is none they skip and say so.</summary>
internal static class CudaDevice
{
    /// <summary>Skips without a CUDA device; else switches TF32 off until disposed.</summary>
    public static IDisposable Exact()
    {
        Skip.IfNot(MfpClipEnvironment.Check().CudaAvailable, "libtorch finds no CUDA device here: no GPU, no driver, or the libtorch-cpu package.");
        return new Single();
    }

    private sealed class Single : IDisposable
    {
        private readonly bool _products = torch.backends.cuda.matmul.allow_tf32;
        private readonly bool _convolutions = torch.backends.cudnn.allow_tf32;

        public Single() => (torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32) = (false, false);

        public void Dispose() => (torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32) = (_products, _convolutions);
    }
}
