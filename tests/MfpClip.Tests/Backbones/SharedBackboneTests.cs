using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Execution;
using MfpClip.Kernels;
using MfpClip.Tests.Kernels;
using MfpClip.Weights;

namespace MfpClip.Tests.Backbones;

/// <summary>Detectors that load one file hold one backbone, in one layout.</summary>
public sealed class SharedBackboneTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    [Fact]
    public void One_file_is_loaded_once_for_all_who_ask_for_it_in_the_same_way()
    {
        string file = Write(1);
        long before = LiveTensors.Settle();
        int loads = 0;
        var handles = new IVisionBackbone[8];
        Parallel.For(0, 8, i => handles[i] = Get(file, new()));
        using (var other = Get(file, new() { Kernels = KernelChoice.Plain }))
        {
            Assert.Equal(2, loads);
            Assert.Single(handles.Select(h => h.GetService<ClipBackbone>()).Distinct());
            Assert.NotSame(handles[0].GetService<ClipBackbone>(), other.GetService<ClipBackbone>());
        }

        for (int i = 0; i < 8; i++)
        {
            using var tokens = FakeBackbone.Values(5, ScalarType.Float32, 1, 9, 128);
            using var result = handles[i].Vision.RunBlocks(tokens, 0, 3, ForwardContext.Default); // those that are left still work
            handles[i].Dispose();
            handles[i].Dispose();
        }

        Assert.Equal(before, LiveTensors.Settle());
        using var again = Get(file, new());
        Assert.Equal(3, loads);

        IVisionBackbone Get(string path, ClipBackboneOptions options) =>
            SharedBackbones.Get(BackboneSource.OfFile(path, options, null)!, () =>
            {
                Interlocked.Increment(ref loads);
                return ClipBackbone.Load(path, options with { Config = KernelChoiceTests.Wide });
            });
    }

    [Fact]
    public void A_file_that_changed_is_another_one_and_a_failure_is_not_kept()
    {
        string file = Write(1);
        var first = BackboneSource.OfFile(file, new(), null);
        Assert.Throws<WeightsException>(() => SharedBackbones.Get(first!, () => throw new WeightsException(file, "no.")));
        int loads = 0;
        for (int i = 0; i < 2; i++)
        {
            using var handle = SharedBackbones.Get(first!, Load);
            using var other = SharedBackbones.Get(first!, Load);
            Assert.Same(handle.Vision, other.Vision);
        }

        Assert.Equal(2, loads); // once each time: what nobody holds is not kept
        Assert.Equal(first, BackboneSource.OfFile(file, new(), null));
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddSeconds(5));
        Assert.NotEqual(first, BackboneSource.OfFile(file, new(), null));
        Assert.Null(BackboneSource.OfFile(Path.Combine(_folder, "absent.safetensors"), new(), null));

        FakeBackbone Load()
        {
            loads++;
            return new();
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Weights_that_kernels_have_packed_are_held_once_and_come_back_bit_for_bit(ScalarType precision)
    {
        using var scope = torch.NewDisposeScope();
        using var plain = ClipBackbone.CreateRandom(KernelChoiceTests.Wide, 3, new() { Precision = precision });
        using var packed = ClipBackbone.CreateRandom(KernelChoiceTests.Wide, 3, new() { Precision = precision });
        long before = torch.Tensor.TotalCount;

        ((IPackedWeights)packed).Prepare(56);

        // A packed weight takes the place of the plain one: nothing lies beside it.
        Assert.Equal(before, torch.Tensor.TotalCount);
        using var tokens = FakeBackbone.Values(5, precision, 1, 17, 128);
        float[] values = Run(packed, tokens);
        Assert.Equal(before + 1, torch.Tensor.TotalCount); // the tokens
        Assert.Equal(Run(plain, tokens), values);
        Assert.Equal(plain.FrozenWeights.Select(w => w.Key), packed.FrozenWeights.Select(w => w.Key));
        Assert.All(plain.FrozenWeights.Zip(packed.FrozenWeights), p => Assert.True(p.First.Value.eq(p.Second.Value).all().item<bool>()));
        Assert.Equal(Run(plain, tokens), Run(packed, tokens));

        static float[] Run(ClipBackbone clip, Tensor tokens)
        {
            using var guard = torch.no_grad();
            using var inner = torch.NewDisposeScope();
            return clip.Vision.RunBlocks(tokens, 0, 3, ForwardContext.Default).to_type(ScalarType.Float32).data<float>().ToArray();
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(long seed)
    {
        string path = Path.Combine(_folder, "model.safetensors");
        using var clip = ClipBackbone.CreateRandom(KernelChoiceTests.Wide, seed);
        SafetensorsWriter.Write(path, clip.FrozenWeights.ToDictionary(w => w.Key, w => w.Value));
        return path;
    }
}
