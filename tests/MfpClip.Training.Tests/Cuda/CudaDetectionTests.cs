using System.Collections.Concurrent;
using MfpClip.Data.Procedural.Noise;
using MfpClip.Detection;

namespace MfpClip.Training.Tests.Cuda;

/// <summary>On a CUDA device every method gives what it gives on the CPU, where parity with the reference implementations is tested.</summary>
public class CudaDetectionTests
{
    // Sums run in another order there. Convolutions of cuDNN would round to TF32 besides, which is libtorch's default: switched off here.
    private const float Tolerance = 2e-4f;

    private static readonly DetectionOptions Options = new() { ClassName = "gear" };

    public static TheoryData<string> All => [.. DetectorRegistry.Default.Methods.Select(m => m.Description.Id)];

    [SkippableTheory]
    [MemberData(nameof(All))]
    public void Every_method_gives_what_it_gives_on_the_cpu(string method)
    {
        using var exact = CudaDevice.Exact();
        using var cpu = Small.Method(method).Build();
        using var cuda = Small.Method(method).UseDevice("cuda").Build();
        foreach (int count in new[] { 1, 3 })
        {
            Agree(cpu.DetectBatch(Pictures(count), Options), cuda.DetectBatch(Pictures(count), Options), Tolerance);
        }
    }

    // On the CPU bfloat16 moves these maps by 0.03, although the residual stream stays in float32 there; on a GPU it is bfloat16 too.
    [SkippableTheory]
    [InlineData(ScalarType.BFloat16, 0.06f)]
    [InlineData(ScalarType.Float16, 0.01f)]
    public void Half_precision_stays_near_single(ScalarType precision, float tolerance)
    {
        using var exact = CudaDevice.Exact();
        using var cpu = Small.Method("mfp-clip").Build();
        using var half = Small.Method("mfp-clip").UseDevice("cuda:0").UsePrecision(precision).Build();
        Agree(cpu.DetectBatch(Pictures(3), Options), half.DetectBatch(Pictures(3), Options), tolerance);
    }

    [SkippableFact]
    public void Scales_regions_and_references_give_what_they_give_on_the_cpu()
    {
        using var exact = CudaDevice.Exact();
        var good = Pictures(3);
        using var cpu = Small.Method("mfp-clip").WithScales(0.75, 1).WithReferences(good).Build();
        using var cuda = Small.Method("mfp-clip").WithScales(0.75, 1).WithReferences(good).UseDevice("cuda").Build();
        var inside = new RegionOfInterest(64, 64, [.. Enumerable.Range(0, 64 * 64).Select(i => i % 64 < 40)]);
        foreach (var options in new[] { Options, Options with { RegionOfInterest = inside } })
        {
            Agree(cpu.DetectBatch(Pictures(2, first: 5), options), cuda.DetectBatch(Pictures(2, first: 5), options), 5 * Tolerance);
        }
    }

    [SkippableFact]
    public void Eight_threads_get_what_one_gets_and_no_tensor_is_left()
    {
        using var exact = CudaDevice.Exact();
        using var detector = Small.Method("mfp-clip").UseDevice("cuda").Build();
        var pictures = Pictures(4);
        var expected = pictures.Select(p => detector.Detect(p, Options).Score).ToArray();
        var failures = new ConcurrentQueue<string>();
        Collect();
        long before = torch.Tensor.TotalCount;
        var threads = Enumerable.Range(0, 8).Select(t => new Thread(() =>
        {
            for (int i = 0; i < 10; i++)
            {
                float score = detector.Detect(pictures[(i + t) % 4], Options).Score;
                if (Math.Abs(score - expected[(i + t) % 4]) > 1e-5)
                {
                    failures.Enqueue($"thread {t}: {score} instead of {expected[(i + t) % 4]}");
                }
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());

        Assert.Empty(failures);
        Collect();
        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    private static List<ImageInput> Pictures(int count, int first = 0) =>
        [.. Enumerable.Range(first, count).Select(i => ImageInput.FromPixels(Small.Data(count + first).Load(i).Image, $"{i}"))];

    private static void Agree(IReadOnlyList<AnomalyResult> expected, IReadOnlyList<AnomalyResult> actual, float tolerance)
    {
        Assert.Equal(expected.Count, actual.Count);
        foreach (var (e, a) in expected.Zip(actual))
        {
            Assert.True(Math.Abs(e.Score - a.Score) <= tolerance, $"score {a.Score}, on the CPU {e.Score}");
            float worst = e.ModelMap.Data.Zip(a.ModelMap.Data).Max(p => Math.Abs(p.First - p.Second));
            Assert.True(worst <= tolerance, $"the maps differ by {worst}");
        }

        // Two images differ by more than the two devices may, or the comparison shows nothing.
        Assert.True(expected.Count < 2 || expected[0].ModelMap.Data.Zip(expected[1].ModelMap.Data).Max(p => Math.Abs(p.First - p.Second)) > tolerance);
    }

    private static void Collect()
    {
        for (int i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
