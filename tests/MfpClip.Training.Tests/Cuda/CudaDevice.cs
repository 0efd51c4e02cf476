using MfpClip.Methods;

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

    /// <summary>A small composition of a method with random weights, the same on every device.</summary>
    public static ZeroShotDetectorBuilder Compose(string method)
    {
        var builder = new ZeroShotDetectorBuilder();
        var preset = MethodCatalogue.Find(method);
        preset.Apply(builder, 0);
        builder.UseRandomBackbone(Small.Clip with { Vision = Small.Clip.Vision with { Layers = 24 } }, 1).WithImageSize(56);
        return preset.ReadsCnn ? builder.UseCnn(new Cnn.ResNetOptions { Architecture = Cnn.ResNetArchitecture.ResNet18, RandomSeed = 1 }) : builder;
    }

    private sealed class Single : IDisposable
    {
        private readonly bool _products = torch.backends.cuda.matmul.allow_tf32;
        private readonly bool _convolutions = torch.backends.cudnn.allow_tf32;

        public Single() => (torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32) = (false, false);

        public void Dispose() => (torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32) = (_products, _convolutions);
    }
}
